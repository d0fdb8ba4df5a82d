"""Forms: from a stack of scans to a table, by a template that says what stands where."""

from tenfold.forms.template import Field, Kind, Template, TemplatePage, load, make

__all__ = ["Field", "Kind", "Template", "TemplatePage", "load", "make"]
