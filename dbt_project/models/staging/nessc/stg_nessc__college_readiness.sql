-- Students who are ready for college by the age of 18, one row a cell. Which metric a
-- row is says the seed: each benchmark is another one.
with printed as (
    select * from {{ source('nessc', 'college_readiness') }}
),

benchmarks as (
    select * from {{ ref('readiness_benchmarks') }}
),

renamed as (
    select
        {{ component_columns(
            'college_readiness', 'printed', 'benchmarks', 'ready_count', 'turned_18_count'
        ) }}
    from printed
    left join benchmarks
        on printed.benchmark_id = benchmarks.benchmark_id
),

{{ counted_outcomes('renamed') }}

select * from typed
