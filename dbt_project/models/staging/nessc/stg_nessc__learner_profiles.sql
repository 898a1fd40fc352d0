-- Completeness alone: what stands in a profile is no column of the contract.
{{ component_outcomes('learner_profiles', {
    'learner_profile_complete': 'complete_count',
    'learner_profile_skills': 'skills_count',
    'learner_profile_interests': 'interests_count',
    'learner_profile_aspirations': 'aspirations_count',
}) }}
