-- Wide tables become one row a cell. The state's tables cross race with gender or
-- meals: a cell of two groups has no place in the warehouse, so that of these rows the
-- total counts, and of the row Total every cell.
{%- set grades = ['PK', 'KG'] + ['01', '02', '03', '04', '05', '06'] %}
{%- set grades = grades + ['07', '08', '09', '10', '11', '12'] %}
{%- set races = {
    'american_indian': 'American Indian or Alaska Native',
    'asian': 'Asian',
    'black': 'Black or African American',
    'hispanic': 'Hispanic/Latino of any race',
    'white': 'White',
} %}
{%- set breakdowns = {
    'gender': {'female': 'Female', 'male': 'Male'},
    'meals': {
        'free_lunch': 'Free',
        'reduced_lunch': 'Reduced',
        'non_subsidized': 'Non-Subsidized',
    },
    'race': dict(
        races,
        pacific_islander='Native Hawaiian or Other Pacific Islander',
        two_or_more='Two or More Races',
    ),
    'race_to_2010': dict(races, race_not_reported='Not Reported'),
} %}
with printed as (
    select
        *,
        coalesce(regexp_extract(_layout, '_by_(.*)$', 1), '') as breakdown
    from {{ source('ct', 'enrollment') }}
),

columns_meant (breakdown, column_name, column_grade, column_label) as (
    values
    ('', 'student_count', 'all', 'All Students'),
    {%- for grade in grades %}
    ('grade', 'grade_{{ grade | lower }}_count', '{{ grade }}', 'All Students'),
    {%- endfor %}
    ('grade', 'total_count', 'all', 'All Students')
    {%- for breakdown, groups in breakdowns.items() %},
    ('{{ breakdown }}', 'total_count', 'all', 'All Students')
    {%- for name, label in groups.items() %},
    ('{{ breakdown }}', '{{ name }}_count', 'all', '{{ label }}')
    {%- endfor %}
    {%- endfor %}
),

unpivoted as (
    from printed
    unpivot include nulls (count_token for column_name in (columns('.*_count')))
),

meant as (
    select
        unpivoted.* replace (
            coalesce({{ edsight_grade('unpivoted.grade') }}, columns_meant.column_grade)
                as grade
        ),
        case
            when columns_meant.column_name = 'total_count' and unpivoted.race <> 'Total'
                then unpivoted.race
            else columns_meant.column_label
        end as student_group_label
    from unpivoted
    inner join columns_meant
        on
            unpivoted.breakdown = columns_meant.breakdown
            and unpivoted.column_name = columns_meant.column_name
    where
        coalesce(unpivoted.race, 'Total') = 'Total'
        or columns_meant.column_name = 'total_count'
),

{{ edsight_head_counts('enrollment', 'meant', true) }}

select * from typed
