{#- A name for comparison: letters and digits alone, in capitals. -#}
{%- macro plain_name(name) -%}
trim(upper(regexp_replace({{ name }}, '[^A-Za-z0-9]+', ' ', 'g')))
{%- endmacro -%}

{#- A name by what schools of one name are written alike with, as decision 0043 lists:
    abbreviations in full, no senior high school beside a high school, and neither an
    article in front nor "school" at the end. -#}
{%- macro alike_name(name) -%}
{%- set words = {
    'AND': '', 'H ?S': 'HIGH SCHOOL', 'SR': 'SENIOR', 'JR': 'JUNIOR', 'ST': 'SAINT',
    'MT': 'MOUNT', 'R I': 'RHODE ISLAND', 'ED': 'EDUCATION', 'TECH': 'TECHNICAL',
    'VOC': 'VOCATIONAL', 'ACAD': 'ACADEMY', 'CTR': 'CENTER', 'SCH': 'SCHOOL',
    'SENIOR HIGH': 'HIGH',
} -%}
{%- set spelled = namespace(sql=plain_name(name)) -%}
{%- for word, plain in words.items() -%}
    {%- set spelled.sql = "regexp_replace(" ~ spelled.sql ~ ", '\\b" ~ word ~ "\\b', '" ~ plain ~ "', 'g')" -%}
{%- endfor -%}
trim(regexp_replace(
    regexp_replace({{ spelled.sql }}, '^THE\b|\bSCHOOL *$', '', 'g'), ' +', ' ', 'g'
))
{%- endmacro -%}

{#- A name without the words that say what kind of school it is. -#}
{%- macro name_without_kind(name) -%}
trim(regexp_replace(regexp_replace(
    {{ alike_name(name) }},
    '\b(HIGH|SCHOOL|SENIOR|JUNIOR|MIDDLE|UNION|REGIONAL|MEMORIAL|UHSD|UHS|HSD|USD|US|OF|[0-9]+)\b',
    '', 'g'
), ' +', ' ', 'g'))
{%- endmacro -%}

{#- A federal school id begins with its district's, and both with the code of the state;
    what is not known speaks against nothing. -#}
{%- macro is_nested(school_id_nces, lea_id_nces, state_fips) -%}
(
    coalesce(substr({{ school_id_nces }}, 1, 7) = {{ lea_id_nces }}, true)
    and coalesce(substr({{ school_id_nces }}, 1, 2) = {{ state_fips }}, true)
)
{%- endmacro -%}

{#- A row with first_year and last_year holds in a school year; none is no limit, and a row
    without a school year is of those that hold always. Comparisons alone: with an "or" in
    it DuckDB 1.5.5 compares each row with all of the crosswalk. -#}
{%- macro holds_in(relation, school_year) -%}
coalesce({{ school_year }}, 0) >= coalesce({{ relation }}.first_year, 0)
and coalesce({{ school_year }}, 9999) <= coalesce({{ relation }}.last_year, 9999)
{%- endmacro -%}

{#- Files name a state by its postal code or by its federal number: each of both, with
    the state that it means. -#}
{%- macro spelled_states() -%}
select
        states.*,
        unnest([states.state, states.state_fips]) as printed_state
    from {{ ref('states') }} as states
{%- endmacro -%}

{#- CTEs that find out which school the rows of `relation` are of. A school is known by
    its federal id where the crosswalk has its state code, else by the state code, else
    by district and name: no row is lost for want of an id. A file that names schools
    and nothing else is matched where the state has one school of that name. A federal id
    that is not of its district or state is damaged and names no school. -#}
{%- macro conformed_schools(relation) -%}
    -- A condition on the rows alone beside an equation makes DuckDB 1.5.5 compare all with
    -- all; a name that is null where it does not count leaves equations only.
    named_rows as (
        select
            *,
            case when level = 'school' then school_name end as name_of_school,
            case when level = 'lea' and lea_id_state is null then lea_name end
                as name_of_lea,
            case
                when
                    level = 'school'
                    and lea_id_state is null
                    and school_id_nces is null
                    and school_id_state is null
                    then {{ plain_name('school_name') }}
            end as name_alone
        from {{ relation }}
    ),

    coded as (
        select
            rows_of.* exclude (
                state, lea_id_state, school_id_nces, school_id_state, name_of_school,
                name_of_lea, name_alone
            ),
            states.state,
            rows_of.school_id_nces as printed_id_nces,
            rows_of.school_id_state as printed_id_state,
            labels.student_group,
            case
                when {{ is_nested(
                    'rows_of.school_id_nces', 'rows_of.lea_id_nces', 'states.state_fips'
                ) }}
                    then coalesce(rows_of.school_id_nces, names.school_id_nces)
            end as school_id_nces,
            coalesce(
                rows_of.school_id_state,
                codes_of_year.school_id_state,
                codes.school_id_state,
                names.school_id_state
            ) as school_id_state,
            coalesce(rows_of.lea_id_state, lea_codes.lea_id_state) as lea_id_state
        from named_rows as rows_of
        left join ({{ spelled_states() }}) as states
            on rows_of.state = states.printed_state
        left join {{ ref('student_group_labels') }} as labels
            on
                rows_of.provider = labels.provider
                and rows_of.student_group_label = labels.student_group_label
        left join {{ ref('int_school_codes') }} as codes_of_year
            on
                rows_of.provider = codes_of_year.provider
                and rows_of.lea_id_state = codes_of_year.lea_id_state
                and rows_of.name_of_school = codes_of_year.school_name
                and rows_of.school_year = codes_of_year.school_year
        left join {{ ref('int_school_codes') }} as codes
            on
                rows_of.provider = codes.provider
                and rows_of.lea_id_state = codes.lea_id_state
                and rows_of.name_of_school = codes.school_name
                and codes.school_year is null
        left join {{ ref('int_lea_codes') }} as lea_codes
            on
                rows_of.provider = lea_codes.provider
                and rows_of.name_of_lea = lea_codes.lea_name
        left join {{ ref('int_school_names') }} as names
            on
                states.state = names.state
                and rows_of.name_alone = names.plain_name
    ),

    by_state_code as (
        select
            coded.*,
            crosswalk.school_id_nces as crosswalk_school,
            crosswalk.lea_id_nces as crosswalk_lea
        from coded
        left join {{ ref('int_school_crosswalk') }} as crosswalk
            on
                coded.state = crosswalk.state
                and coded.school_id_state = crosswalk.school_id_state
                and {{ holds_in('crosswalk', 'coded.school_year') }}
    ),

    by_federal_id as (
        select
            by_state_code.*,
            crosswalk.school_id_state as crosswalk_code
        from by_state_code
        left join {{ ref('int_school_crosswalk') }} as crosswalk
            on
                by_state_code.school_id_nces = crosswalk.school_id_nces
                and {{ holds_in('crosswalk', 'by_state_code.school_year') }}
    ),

    -- Renumbered schools, and two ids that no crosswalk brings together: both are one school,
    -- by evidence, never by likeness.
    identified as (
        select
            by_federal_id.*,
            coalesce(
                id_changes.school_id_nces,
                by_federal_id.school_id_nces,
                by_federal_id.crosswalk_school,
                twins.school_id_nces
            ) as known_school,
            coalesce(
                id_changes.school_id_state,
                by_federal_id.school_id_state,
                twins_of_id.school_id_state
            ) as known_code
        from by_federal_id
        left join {{ ref('school_id_changes') }} as id_changes
            on
                by_federal_id.state = id_changes.state
                and coalesce(
                    by_federal_id.school_id_nces,
                    by_federal_id.crosswalk_school,
                    by_federal_id.school_id_state
                ) = id_changes.printed_id
        left join {{ ref('int_school_twins') }} as twins
            on
                by_federal_id.state = twins.state
                and by_federal_id.school_id_state = twins.school_id_state
        left join {{ ref('int_school_twins') }} as twins_of_id
            on by_federal_id.school_id_nces = twins_of_id.school_id_nces
    ),

    keyed as (
        select
            * exclude (
                school_id_nces, school_id_state, lea_id_nces, known_school, known_code,
                crosswalk_school, crosswalk_lea, crosswalk_code
            ),
            known_school as school_id_nces,
            coalesce(known_code, crosswalk_code) as school_id_state,
            coalesce(lea_id_nces, crosswalk_lea) as lea_id_nces,
            case
                when level = 'school' then coalesce(
                    known_school,
                    state || '-' || known_code,
                    state || '-' || coalesce(lea_id_state || '-', '') || school_name
                )
                when level = 'lea' then state || '-' || coalesce(lea_id_state, lea_name)
            end as school_key
        from identified
    )
{%- endmacro -%}

{#- The columns of a conformed outcome, up to where it stands in its file. -#}
{%- macro conformed_columns() -%}
provider, extract, level, state, printed_id_nces, printed_id_state, school_id_nces,
        school_id_state, lea_id_nces, lea_id_state, lea_name, school_name, school_key,
        school_year, metric_id, student_group, numerator, denominator, value_pct,
        value_low_pct, value_high_pct, lowest_pct, highest_pct, value_status,
        definition_id, visibility, data_as_of, source_file
{%- endmacro -%}
