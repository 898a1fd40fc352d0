-- From when to when each file broke a rule. A rule about rows is broken until a file of
-- the same name is accepted without it, whatever is refused meanwhile; one for which a
-- file was refused, until it is judged otherwise or taken back.
with judgements as (
    select * from {{ ref('int_judgements') }}
),

left_out as (
    select
        provider,
        extract,
        delivery,
        'left_out' as effect,
        fault as rule,
        count(distinct source_row) as rows_count
    from {{ ref('int_rows_faulted') }}
    group by all
),

found as (
    select
        * exclude (faults),
        unnest(faults) as fault
    from judgements
),

-- What the gate found, and what the models found in rows that it let through.
broken as (
    select
        * exclude (fault),
        fault['effect'] as effect,
        fault['rule'] as rule,
        fault['rows_count'] as rows_count
    from found
    union all by name
    select
        judgements.provider,
        judgements.extract,
        judgements.school_year,
        judgements.file,
        judgements.delivery,
        judgements.status,
        judgements.judged_at,
        left_out.effect,
        left_out.rule,
        left_out.rows_count
    from judgements
    inner join left_out
        on
            judgements.provider = left_out.provider
            and judgements.extract = left_out.extract
            and judgements.delivery = left_out.delivery
    where judgements.status = 'validated'
),

rules as (
    select distinct
        provider,
        extract,
        file,
        effect,
        rule
    from broken
),

looked_for as (
    select
        rules.*,
        judgements.school_year,
        judgements.delivery,
        judgements.status,
        judgements.judged_at,
        broken.rows_count,
        broken.rule is not null as is_broken,
        lag(is_broken, 1, false) over series as was_broken
    from rules
    inner join judgements
        on
            rules.provider = judgements.provider
            and rules.extract = judgements.extract
            and rules.file = judgements.file
            and (rules.effect = 'refused' or judgements.status = 'validated')
    left join broken
        on
            rules.provider = broken.provider
            and rules.extract = broken.extract
            and rules.file = broken.file
            and rules.effect = broken.effect
            and rules.rule = broken.rule
            and judgements.delivery = broken.delivery
            and judgements.judged_at = broken.judged_at
            and judgements.status = broken.status
    window series as (
        partition by
            rules.provider, rules.extract, rules.file, rules.effect, rules.rule
        order by judgements.judged_at, judgements.delivery
    )
),

numbered as (
    select
        *,
        count(*) filter (is_broken and not was_broken) over (
            partition by provider, extract, file, effect, rule
            order by judged_at, delivery
        ) as span
    from looked_for
),

-- In a span come first the judgements that found it, then those that did not.
spans as (
    select
        provider,
        extract,
        file,
        effect,
        rule,
        arg_max(school_year, judged_at) filter (is_broken) as school_year,
        arg_max(delivery, judged_at) filter (is_broken) as delivery,
        arg_max(rows_count, judged_at) filter (is_broken) as rows_count,
        min(judged_at) filter (is_broken) as first_seen_at,
        min(judged_at) filter (not is_broken) as closed_at,
        arg_min(status, judged_at) filter (not is_broken) as closed_by
    from numbered
    where span > 0
    group by provider, extract, file, effect, rule, span
)

select * from spans
