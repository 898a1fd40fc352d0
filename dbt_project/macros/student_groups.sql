{#- The federal seven, each student in one: Hispanic of any race first, then two or more
    races, then the one race (OMB 1997; EDFacts). Nobody is put into one where the
    file does not say whether Hispanic, or says no race. A blank flag is no. -#}
{%- macro race_group() -%}
case
    when is_hispanic then 'hispanic'
    when is_hispanic is null then null
    when
        cast(coalesce(is_american_indian, false) as integer)
        + cast(coalesce(is_asian, false) as integer)
        + cast(coalesce(is_black, false) as integer)
        + cast(coalesce(is_pacific_islander, false) as integer)
        + cast(coalesce(is_white, false) as integer) > 1
        then 'two_or_more'
    when is_american_indian then 'american_indian'
    when is_asian then 'asian'
    when is_black then 'black'
    when is_pacific_islander then 'pacific_islander'
    when is_white then 'white'
end
{%- endmacro -%}

{#- A group and its complement from a flag; neither where the file does not say. -#}
{%- macro group_or_complement(flag, student_group) -%}
case when {{ flag }} then '{{ student_group }}' when not {{ flag }} then 'non_{{ student_group }}' end
{%- endmacro -%}

{#- CTEs that leave one group of each category to a student and school year of an extract,
    out of `said` (one row a spell and group, null where it says none). Of a program, once in
    the year is in it; of gender and race, the latest spell counts. Both assumed. -#}
{%- macro one_group_a_category(said) -%}
    categorised as (
        select
            {{ said }}.*,
            student_groups.category,
            {{ said }}.student_group in ('ed', 'el', 'swd') as is_in_program
        from {{ said }}
        inner join {{ ref('student_groups') }} as student_groups
            on {{ said }}.student_group = student_groups.student_group
    ),

    chosen as (
        select
            provider,
            extract,
            state,
            student_key,
            school_year,
            student_group,
            source_file,
            source_row,
            delivery
        from categorised
        qualify row_number() over (
            partition by provider, extract, state, student_key, school_year, category
            order by
                is_in_program desc nulls last,
                entry_date desc nulls last,
                source_file desc nulls last,
                student_group asc nulls last,
                source_row desc nulls last
        ) = 1
    )
{%- endmacro -%}
