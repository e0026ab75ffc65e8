"""What the guards of orders share."""

# pgtrigger lets any session switch its triggers off with a setting. A guard that whoever it guards against can switch off is
# none: this empties the setting when the function is entered, before pgtrigger's own first line looks at it.
NEVER_IGNORED = [("_never_ignored", "TEXT := set_config('pgtrigger.ignore', '{}', true)")]
