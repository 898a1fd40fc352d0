-- Modes are shares of all students, not of those with an active path: they add up to
-- the share with one, and no status tells that a school has none.
{{ component_outcomes('learning_paths', {
    'learning_path_active': 'active_path_count',
    'learning_path_mode_traditional': 'traditional_count',
    'learning_path_mode_online': 'online_count',
    'learning_path_mode_dual_enrolment': 'dual_enrolment_count',
    'learning_path_mode_blended': 'blended_count',
    'learning_path_mode_flipped': 'flipped_count',
    'learning_path_mode_internships': 'internships_count',
    'learning_path_mode_projects': 'projects_count',
}) }}
