-- Which metrics may be held against each other? Every pair of one subject, the metric
-- with itself too (two states, or two years), and the pairs of the seed
-- comparability_notes. The reason is the note, or what differs in the registry.
with metrics as (
    select * from {{ ref('metrics') }}
),

notes as (
    select * from {{ ref('comparability_notes') }}
),

both_ways as (
    select
        class_a,
        class_b,
        reason,
        source,
        evidence
    from notes
    union all
    select
        class_b as class_a,
        class_a as class_b,
        reason,
        source,
        evidence
    from notes
),

paired as (
    select
        one.metric_id,
        other.metric_id as other_metric_id,
        one.subject,
        other.subject as other_subject,
        one.comparability_class,
        other.comparability_class as other_comparability_class,
        one.comparability_class = other.comparability_class as is_comparable,
        one.metric_id = other.metric_id as is_one_metric,
        one.source as definition_source,
        one.evidence as definition_evidence,
        both_ways.reason as note,
        both_ways.source as note_source,
        both_ways.evidence as note_evidence,
        case
            when one.horizon_years <> other.horizon_years
                then
                    'after ' || one.horizon_years || ' years against after '
                    || other.horizon_years || ' years'
        end as horizon_difference,
        case
            when one.numerator_definition <> other.numerator_definition
                then
                    'counted: "' || one.numerator_definition || '" against "'
                    || other.numerator_definition || '"'
        end as numerator_difference,
        case
            when one.denominator_definition <> other.denominator_definition
                then
                    'among: "' || one.denominator_definition || '" against "'
                    || other.denominator_definition || '"'
        end as denominator_difference,
        'definition ' || one.definition_id || ' against ' || other.definition_id
            as definition_difference
    from metrics as one
    cross join metrics as other
    left join both_ways
        on
            one.comparability_class = both_ways.class_a
            and other.comparability_class = both_ways.class_b
    where one.subject = other.subject or both_ways.reason is not null
),

explained as (
    select
        *,
        case
            when is_one_metric
                then
                    'One definition: ' || definition_source
                    || '; a break of metric_breaks is not crossed'
            when is_comparable then 'One comparability class: ' || comparability_class
            when note is not null then note
            else coalesce(
                nullif(
                    concat_ws(
                        '; ',
                        horizon_difference,
                        numerator_difference,
                        denominator_difference
                    ),
                    ''
                ),
                definition_difference
            )
        end as reason,
        case
            when not is_comparable and note is not null then note_source
            else 'Registry of metrics'
        end as reason_source,
        case
            when is_one_metric then definition_evidence
            when not is_comparable and note is not null then note_evidence
            else 'registry'
        end as evidence
    from paired
),

published as (
    select
        metric_id,
        other_metric_id,
        subject,
        other_subject,
        comparability_class,
        other_comparability_class,
        is_comparable,
        reason,
        reason_source,
        evidence
    from explained
)

select * from published
