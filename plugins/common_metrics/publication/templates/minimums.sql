from suppression_minimums order by state
