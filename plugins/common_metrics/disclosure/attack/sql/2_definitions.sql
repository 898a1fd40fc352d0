-- Entries of the rows; a row is one kind, tag and anchor. A constant has no node.
create or replace temp table entries (
    kind varchar, tag varchar, anchor bigint, node bigint, coefficient double
);

insert into entries
select 'complement', '', above, unnest([below, above]), unnest([1, -1])
from pairs;

-- Parts of a number, and who is in none of them.
insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
    from nodes as whole
    inner join count_sums on whole.count_name = count_sums.whole_count
    inner join nodes as part
        using (provider, level, state, place, school_year, student_group)
    where count_sums.part_count = part.count_name
)

select 'sum', '', whole, part, -1 from parts
union all
select distinct 'sum', '', whole, whole, 1 from parts;

-- Where both are counted of the same students, the greater holds the lesser.
insert into entries
with known as (
    select nodes.*, coalesce(nodes.shown, outside.shown) as value
    from nodes
    left join (
        select
            provider, level, state, place, school_year, count_name, student_group,
            max(shown) as shown,
        from outside
        anti join differing
            using (provider, level, state, place, school_year, kind, source)
        group by all
    ) as outside
        using (provider, level, state, place, school_year, count_name, student_group)
),

lesser_wholes as (
    select * rename (count_name as lesser_of) from known
),

greater_wholes as (
    select * rename (count_name as greater_of) from known
),

ordered as (
    select
        lesser.node as lesser,
        greater.node as greater,
        lesser_count as tag,
    from count_orders
    inner join known as lesser on count_orders.lesser_count = lesser.count_name
    inner join known as greater
        using (provider, level, state, place, school_year, student_group)
    left join lesser_wholes as lesser_whole
        using (provider, level, state, place, school_year, student_group, lesser_of)
    left join greater_wholes as greater_whole
        using (provider, level, state, place, school_year, student_group, greater_of)
    where
        count_orders.greater_count = greater.count_name
        and (
            count_orders.lesser_of = count_orders.greater_of
            or lesser_whole.value = greater_whole.value
        )
)

select 'order', tag, greater, unnest([greater, lesser]), unnest([1, -1])
from ordered;

-- What dim_metric says of two metrics: whom the one counts, the other counts too. Read from
-- the definitions and not from the rule tables, so that what was forgotten there is found.
create or replace temp table definitions as
with read as (
    from (values
        ('acgr_4yr', 'numerator', 'pse_12m_graduates', 'denominator'),
        ('pse_first_fall_cohort', 'numerator', 'pse_first_fall_graduates', 'numerator'),
        ('pse_12m_cohort', 'numerator', 'pse_12m_graduates', 'numerator'),
        ('pse_16m_cohort', 'numerator', 'pse_16m_graduates', 'numerator'),
        ('pse_persistence', 'numerator', 'pse_12m_graduates', 'numerator'),
        ('still_enrolled_5yr', 'numerator', 'still_enrolled_4yr', 'numerator'),
        ('still_enrolled_6yr', 'numerator', 'still_enrolled_5yr', 'numerator'),
        ('dropout_cohort', 'numerator', 'other_noncompletion_4yr', 'numerator'),
        ('proficiency_ela', 'denominator', 'chronic_absence', 'denominator'),
        ('proficiency_math', 'denominator', 'chronic_absence', 'denominator'),
        ('proficiency_science', 'denominator', 'chronic_absence', 'denominator'),
        -- No definition, but what readers take for true: who graduates was a member.
        ('pse_12m_graduates', 'denominator', 'dropout_event', 'denominator')
    ) as read (part_metric, part_side, whole_metric, whole_side)
),

sides as (
    select metric_id, 'numerator' as side, numerator_count as count_name
    from metric_counts
    union all
    select metric_id, 'denominator', denominator_count
    from metric_counts
)

select
    part.count_name as part_count,
    whole.count_name as whole_count,
from read
inner join sides as part on part_metric = part.metric_id and part_side = part.side
inner join sides as whole on whole_metric = whole.metric_id and whole_side = whole.side;

insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
        definitions.part_count as tag,
    from definitions
    inner join nodes as whole on definitions.whole_count = whole.count_name
    inner join nodes as part
        using (provider, level, state, place, school_year, student_group)
    where part.count_name = definitions.part_count
)

select 'definition', tag, whole, unnest([whole, part]), unnest([1, -1])
from parts;
