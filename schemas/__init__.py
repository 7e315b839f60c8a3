"""The JSON Schemas of the configuration, the plan and the result, as data files."""
