"""Jinja templates of the HTML pages. Every value is escaped unless it is `Markup`."""

from __future__ import annotations

from mriembed.errors import InvalidArgumentError


def render(template: str, **values: object) -> str:
    """The page that a template of this folder makes of `values`.

    Raises:
        InvalidArgumentError: jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise InvalidArgumentError(
            'HTML pages need more packages: pip install "mriembed[report]" (jinja2 is missing)'
        ) from None
    environment = Environment(
        loader=PackageLoader("mriembed", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)
