"""Every route of the application, as the application itself has them."""

from collections.abc import Iterator

from fastapi import FastAPI


def routes(application: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path), the path with its parameters in braces."""
    for included in application.routes:
        router = getattr(included, "original_router", None)
        for route in router.routes if router is not None else ():
            for method in sorted(route.methods):
                yield method, route.path
