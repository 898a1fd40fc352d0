-- Who advanced because the standard was met; the others advanced by time or not at all.
{{ component_outcomes('mastery', {
    'mastery_advanced_by_standard': 'by_standard_count',
}) }}
