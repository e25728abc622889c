"""The order of the test files: those that take longest begin first, so that at the end no worker waits for another."""

LONG = (
    "test_window_install",
    "test_window_rough",
    "test_window_flanders",
    "test_window_quality",
    "test_window_account",
    "test_window",
    "test_sentinel_hub",
    "test_resume",
    "test_makemap_real",
    "test_operations",
    "test_runs",
    "test_mixed_catalogue",
    "test_uncertainty",
    "test_stac_strangers",
    "test_edge_of_area",
    "test_engine",
)


def pytest_collection_modifyitems(items):
    ranks = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONG)))
