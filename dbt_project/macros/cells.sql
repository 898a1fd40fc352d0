{#- A printed cell becomes number, status and bounds; the status is decided from the
    text before any cast, so that no marker can become a number. -#}

{#- What publishers print in the place of a number. What NULL means differs by
    publisher: its staging model says. -#}
{%- macro marker_status(token) -%}
case
    when {{ token }} in ('*', 'PS', '++', '***', '-999', '-999.00%', '-1', 'DS')
        then 'suppressed'
    when {{ token }} = 'N/A' then 'not_applicable'
    when {{ token }} is null or {{ token }} in ('.', '-', 'Not Available')
        then 'not_reported'
end
{%- endmacro -%}

{#- A cell without the % sign and the blanks around it. -#}
{%- macro percent_token(cell) -%}
trim(replace({{ cell }}, '%', ''))
{%- endmacro -%}

{#- 0.859 as the text 85.9, with the digits of its column, for a number does not keep its
    zeros: in a file with 0.859, 0.9 stands for 0.900 and is 90.0. A marker stays.
    A decimal of 20 digits, since 100 times one of 18 ends the query from 10,000 on. -#}
{%- macro percent_of_proportion(cell) -%}
{%- set text = 'cast(cast(100 * try_cast(' ~ cell ~ ' as decimal(20, 12)) as decimal(18, 10)) as varchar)' -%}
case
    when try_cast({{ cell }} as decimal(18, 12)) is null then {{ cell }}
    else rtrim(left({{ text }}, length({{ text }}) - 12 + greatest(
        2,
        {{ proportion_digits(cell) }},
        max({{ proportion_digits(cell) }})
            filter (where try_cast({{ cell }} as decimal(18, 12)) between 0 and 1)
            over (partition by _delivery)
    )), '.')
end
{%- endmacro -%}

{#- How many digits a proportion is printed with behind the point. What a computer adds
    (0.8590000000000001) is none; zeros are where the text has kept them. -#}
{%- macro proportion_digits(cell) -%}
greatest(
        length(rtrim(split_part(
            cast(try_cast({{ cell }} as decimal(18, 12)) as varchar), '.', 2
        ), '0')),
        case when {{ cell }} like '%.%0' then least(12, {{ printed_digits(cell) }}) else 0 end
    )
{%- endmacro -%}

{#- <10, <=10, >90, >=90 as LT10, LE10, GT90, GE90. -#}
{%- macro bound_token(token) -%}
replace(replace(replace(replace(
    {{ token }}, '<=', 'LE'), '>=', 'GE'), '<', 'LT'), '>', 'GT')
{%- endmacro -%}

{%- macro value_status(token) -%}
case
    when {{ marker_status(token) }} is not null then {{ marker_status(token) }}
    when left({{ bound_token(token) }}, 2) in ('GE', 'GT', 'LE', 'LT') then 'range'
    when
        try_cast(split_part({{ token }}, '-', 1) as integer) is not null
        and try_cast(split_part({{ token }}, '-', 2) as integer) is not null
        then 'range'
    when try_cast({{ token }} as decimal(18, 12)) between 0 and 100 then 'reported'
end
{%- endmacro -%}

{%- macro range_low(token) -%}
case
    when left({{ bound_token(token) }}, 2) in ('GE', 'GT')
        then try_cast(substr({{ bound_token(token) }}, 3) as decimal(18, 12))
    when left({{ bound_token(token) }}, 2) in ('LE', 'LT') then 0
    else try_cast(split_part({{ token }}, '-', 1) as decimal(18, 12))
end
{%- endmacro -%}

{%- macro range_high(token) -%}
case
    when left({{ bound_token(token) }}, 2) in ('GE', 'GT') then 100
    when left({{ bound_token(token) }}, 2) in ('LE', 'LT')
        then try_cast(substr({{ bound_token(token) }}, 3) as decimal(18, 12))
    else try_cast(split_part({{ token }}, '-', 2) as decimal(18, 12))
end
{%- endmacro -%}

{#- How many digits a number is printed with behind the point: none in a range, of which
    the publishers print whole per cents. -#}
{%- macro printed_digits(token) -%}
length(split_part({{ token }}, '.', 2))
{%- endmacro -%}

{#- Half a unit of the last printed digit: 87 stands for 86.5 to 87.5, 87.2 for
    87.15 to 87.25, 87.90 for 87.895 to 87.905. -#}
{%- macro half_unit(digits) -%}
case {{ digits }}
    when 0 then 0.5 when 1 then 0.05 when 2 then 0.005 else 0.0005
end
{%- endmacro -%}

{#- A count, or null where the publisher printed a marker. A cast alone would make 13 of
    12.6. -#}
{%- macro printed_count(token) -%}
case
    when try_cast({{ token }} as decimal(18, 3)) = try_cast({{ token }} as bigint)
        then try_cast({{ token }} as bigint)
end
{%- endmacro -%}

{#- True where a count is neither a number, nor a marker, nor a bound. -#}
{%- macro is_unread_count(token) -%}
(
    {{ printed_count(token) }} is null
    and {{ value_status(token) }} is null
)
{%- endmacro -%}

{#- 100 * n / d as decimal(18,12), half up; a decimal quotient would be a double. Null
    where counts that no place has would overflow. -#}
{%- macro pct_of_counts(n, d) -%}
cast(
    try_cast(
        (cast({{ n }} as hugeint) * 100000000000000 + cast({{ d }} as hugeint) // 2)
        // nullif(cast({{ d }} as hugeint), 0) as decimal(18, 0)
    ) * cast(0.000000000001 as decimal(13, 12)) as decimal(18, 12)
)
{%- endmacro -%}
