"""Who may do what (P2): permissions, and what each act asks for."""

from enum import StrEnum


class Permission(StrEnum):
    FAILED_PAYMENT = "failed_payment"
    PAYMENT_PROCESSING = "payment_processing"
    REFUND = "refund"
    BILLING = "billing"
    REPORTS = "reports"
    ADMINISTER = "administer"


# fmt: off
NEEDED = {
    "action_item.see":         Permission.FAILED_PAYMENT,
    "action_item.retry":       Permission.PAYMENT_PROCESSING,
    "action_item.reject":      Permission.PAYMENT_PROCESSING,
    "action_item.reopen":      Permission.PAYMENT_PROCESSING,
    "action_item.ask_again":   Permission.PAYMENT_PROCESSING,
    "action_item.settle":      Permission.PAYMENT_PROCESSING,
    "break.resolve":           Permission.PAYMENT_PROCESSING,
    "report.dismiss":          Permission.PAYMENT_PROCESSING,
    "payment.make":            Permission.PAYMENT_PROCESSING,
    "payment.cancel":          Permission.PAYMENT_PROCESSING,
    "instalment.change":       Permission.PAYMENT_PROCESSING,
    "instalment.cancel":       Permission.PAYMENT_PROCESSING,
    "instalment_plan.create":  Permission.PAYMENT_PROCESSING,
    "instalment.deposit":      Permission.PAYMENT_PROCESSING,
    "instalment.bounce":       Permission.PAYMENT_PROCESSING,
    "subscription.start":      Permission.PAYMENT_PROCESSING,
    "subscription.change":     Permission.PAYMENT_PROCESSING,
    "subscription.suspend":    Permission.PAYMENT_PROCESSING,
    "subscription.resume":     Permission.PAYMENT_PROCESSING,
    "subscription.cancel":     Permission.PAYMENT_PROCESSING,
    "invoice.create":          Permission.BILLING,
    "credit.create":           Permission.BILLING,
    "purchase.cancel":         Permission.BILLING,
    "purchase.replace":        Permission.BILLING,
    "account.reconcile":       Permission.BILLING,
    "allocation.create":       Permission.BILLING,
    "allocation.delete":       Permission.BILLING,
    "mail.see":                Permission.ADMINISTER,
    "report.see":              Permission.REPORTS,
    "organisation.see":        Permission.ADMINISTER,
    "quarantine.replay":       Permission.ADMINISTER,
    "sessions.end":            Permission.ADMINISTER,
    "scholarship.open":        Permission.BILLING,
    "scholarship.award":       Permission.BILLING,
    "refund.request":          Permission.REFUND,
    "refund.cancel":           Permission.REFUND,
    "refund.record":           Permission.REFUND,
    "organisation.register":   Permission.ADMINISTER,
    "administrator.register":  Permission.ADMINISTER,
    "client.register":         Permission.BILLING,
    "payment_method.register": Permission.PAYMENT_PROCESSING,
}
# fmt: on
