{#- A printed cell becomes number, status and bounds; the status is decided from the
    text before any cast, so that no marker can become a number. -#}

{%- macro value_status(token) -%}
case
    when {{ token }} in ('*', 'PS') then 'suppressed'
    when {{ token }} = 'N/A' then 'not_applicable'
    when {{ token }} is null or {{ token }} = '.' then 'not_reported'
    when left({{ token }}, 2) in ('GE', 'LE', 'LT') then 'range'
    when
        try_cast(split_part({{ token }}, '-', 1) as integer) is not null
        and try_cast(split_part({{ token }}, '-', 2) as integer) is not null
        then 'range'
    when try_cast({{ token }} as decimal(18, 12)) between 0 and 100 then 'reported'
end
{%- endmacro -%}

{%- macro range_low(token) -%}
case
    when left({{ token }}, 2) = 'GE' then try_cast(substr({{ token }}, 3) as decimal(18, 12))
    when left({{ token }}, 2) in ('LE', 'LT') then 0
    else try_cast(split_part({{ token }}, '-', 1) as decimal(18, 12))
end
{%- endmacro -%}

{%- macro range_high(token) -%}
case
    when left({{ token }}, 2) = 'GE' then 100
    when left({{ token }}, 2) in ('LE', 'LT')
        then try_cast(substr({{ token }}, 3) as decimal(18, 12))
    else try_cast(split_part({{ token }}, '-', 2) as decimal(18, 12))
end
{%- endmacro -%}

{#- Half a unit of the last printed digit: 87 stands for 86.5 to 87.5, 87.2 for
    87.15 to 87.25. Ranges are printed in whole per cent. -#}
{%- macro half_unit(token) -%}
case when split_part({{ token }}, '.', 2) = '' then 0.5 else 0.05 end
{%- endmacro -%}

{#- A count, or null where the publisher printed a marker. -#}
{%- macro printed_count(token) -%}
try_cast({{ token }} as bigint)
{%- endmacro -%}

{#- 100 * n / d as decimal(18,12), half up; a decimal quotient would be a double. -#}
{%- macro pct_of_counts(n, d) -%}
cast(
    cast(
        (cast({{ n }} as hugeint) * 100000000000000 + cast({{ d }} as hugeint) // 2)
        // nullif(cast({{ d }} as hugeint), 0) as decimal(18, 0)
    ) * cast(0.000000000001 as decimal(13, 12)) as decimal(18, 12)
)
{%- endmacro -%}
