-- What each graduate did after high school, one row a measure: whether it is met, and
-- whether the graduate is counted in its denominator.
with graduates as (
    select * from {{ ref('int_graduates') }}
),

terms as (
    select * from {{ ref('int_college_terms') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

-- National Student Clearinghouse: first fall = any term that overlaps 15 August to
-- 31 October; a year = any term that overlaps 15 August to 14 August. Federal FS160 and
-- Vermont: enrolled within 16 months of the diploma; a term begun before it is a
-- college course taken in high school.
placed as (
    select
        graduates.state,
        graduates.student_key,
        terms.level,
        terms.enrollment_begin,
        coalesce(terms.enrollment_end, terms.enrollment_begin) as enrollment_end,
        terms.is_enrolled
        and terms.enrollment_begin <= make_date(graduates.class_year, 10, 31)
        and coalesce(terms.enrollment_end, terms.enrollment_begin)
        >= make_date(graduates.class_year, 8, 15) as is_first_fall,
        terms.is_enrolled
        and terms.enrollment_begin <= make_date(graduates.class_year + 1, 8, 14)
        and coalesce(terms.enrollment_end, terms.enrollment_begin)
        >= make_date(graduates.class_year, 8, 15) as is_year_one,
        terms.is_enrolled
        and terms.enrollment_begin <= make_date(graduates.class_year + 2, 8, 14)
        and coalesce(terms.enrollment_end, terms.enrollment_begin)
        >= make_date(graduates.class_year + 1, 8, 15) as is_year_two,
        terms.is_enrolled
        and terms.enrollment_begin > graduates.graduation_date
        and terms.enrollment_begin
        <= graduates.graduation_date + interval 16 month as is_16_months,
        coalesce(
            terms.is_graduated
            and terms.graduation_date > graduates.graduation_date
            and terms.graduation_date
            <= graduates.graduation_date + rules.completion_years * interval 1 year,
            false
        ) as is_degree,
        rules.college_level_tie
    from graduates
    inner join rules
        on graduates.state = rules.state
    inner join terms
        on
            graduates.state = terms.state
            and graduates.student_key = terms.student_key
),

-- The level of the first enrolment; where terms of both levels overlap, by the rule. Of
-- two that begin on one day the one that ends first is the first.
first_terms as (
    select
        state,
        student_key,
        enrollment_end as first_end
    from placed
    where is_year_one
    qualify row_number() over (
        partition by state, student_key
        order by
            enrollment_begin asc nulls last,
            enrollment_end asc nulls last
    ) = 1
),

first_levels as (
    select
        placed.state,
        placed.student_key,
        case
            when count(distinct placed.level) > 1 then max(placed.college_level_tie)
            else max(placed.level)
        end as first_level
    from placed
    inner join first_terms
        on
            placed.state = first_terms.state
            and placed.student_key = first_terms.student_key
            and placed.enrollment_begin <= first_terms.first_end
    where placed.is_year_one
    group by placed.state, placed.student_key
),

summed as (
    select
        state,
        student_key,
        bool_or(is_first_fall) as in_first_fall,
        bool_or(is_year_one) as in_year_one,
        bool_or(is_year_two) as in_year_two,
        bool_or(is_16_months) as in_16_months,
        bool_or(is_degree) as has_degree
    from placed
    group by state, student_key
),

known as (
    select
        graduates.state,
        graduates.student_key,
        coalesce(summed.in_first_fall, false) as in_first_fall,
        coalesce(summed.in_year_one, false) as in_year_one,
        coalesce(summed.in_year_two, false) as in_year_two,
        coalesce(summed.in_16_months, false) as in_16_months,
        coalesce(summed.has_degree, false) as has_degree,
        first_levels.first_level
    from graduates
    left join summed
        on
            graduates.state = summed.state
            and graduates.student_key = summed.student_key
    left join first_levels
        on
            graduates.state = first_levels.state
            and graduates.student_key = first_levels.student_key
),

-- Persistence: enrolled in the first year and again in the second, at any college.
measured as (
    {%- for measure, is_met, is_counted in [
        ('first_fall', 'in_first_fall', 'true'),
        ('12m', 'in_year_one', 'true'),
        ('16m', 'in_16_months', 'true'),
        ('2yr_12m', "coalesce(first_level = '2', false)", 'true'),
        ('4yr_12m', "coalesce(first_level = '4', false)", 'true'),
        ('persistence', 'in_year_two', 'in_year_one'),
        ('completion', 'has_degree', 'true'),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        state,
        student_key,
        '{{ measure }}' as measure,
        {{ is_met }} as is_met,
        {{ is_counted }} as is_counted
    from known
    {%- endfor %}
)

select * from measured
