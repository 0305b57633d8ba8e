"""The `encaisse` command: what adapters.cli knows, and the roles that need everything."""


def main() -> None:
    """Entry point. Roles import what they need when they are started: `encaisse items` loads no web server."""
    from adapters.cli.app import app
    from adapters.roles import add_roles

    add_roles(app)
    app()
