"""Where fully-loaded cost comes from, as a page says it: the list of the macro `cost_origins`, held to it by a test."""

COST_ORIGINS = {
    "usage": "usage",
    "idle": "idle",
    "unused_commitment": "unused commitments",
    "shared": "shared services",
    "unobserved": "not observed",
}
