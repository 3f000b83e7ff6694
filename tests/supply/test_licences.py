"""docs/licences.md names every locked package with the licence that it states."""

from importlib import metadata

from tests.supply.licences import on_linux, rows, stated

# Licences that let this project be used and shared as its own does.
PERMITTED = ("MIT", "BSD", "Apache", "PSF", "MPL", "Mozilla Public", "ZPL", "Zlib", "CC0", "0BSD")


def installed(package, version):
    """Return whether this Python has just this version; another may state another licence."""
    try:
        return metadata.version(package) == version
    except metadata.PackageNotFoundError:
        return False


def test_page_names_every_package_that_is_locked_and_no_other():
    assert list(rows()) == [one.name for one in on_linux()], "run make licences"


def test_every_licence_is_the_one_that_the_package_states():
    here = [one.name for one in on_linux() if installed(one.name, one.version)]

    assert len(here) > 40
    assert {name: rows()[name] for name in here} == {name: stated(name) for name in here}


def test_every_licence_permits_use_in_a_project_under_the_mit_licence():
    others = {
        package: licence
        for package, licence in rows().items()
        if not any(word in licence for word in PERMITTED)
    }

    assert others == {}
