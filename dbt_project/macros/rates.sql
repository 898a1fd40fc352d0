{#- Formulas of rates, each in this one place (tests/test_formulas.py). Rates are in per
    cent; the arguments are SQL. Per cent from counts: pct_of_counts in cells.sql. -#}

{#- One end of Wilson's interval (1927) around a rate of n students: sign '-' is the
    lower, '+' the upper end. (p + z2/2n -+ z * sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n).
    Without n the rate itself; without a rate nothing, though greatest and least of DuckDB
    pass over a null. Of a band each end is taken with the printed cohort, so
    that a band of a small class is no firmer than a number of it. Rounded: doubles put
    the upper end of 12 of 12 at 99.99999999999997, off a target of 100. -#}
{%- macro wilson_end(pct, n, z, sign) -%}
{%- set p = '(cast(' ~ pct ~ ' as double) / 100)' -%}
round(100 * case
        when {{ n }} > 0 and {{ pct }} is not null
            then greatest(0, least(1, (
                {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }}) {{ sign }} {{ z }} * sqrt(
                    {{ p }} * (1 - {{ p }}) / {{ n }}
                    + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})
                )
            ) / (1 + {{ z }} * {{ z }} / {{ n }})))
        else {{ p }}
    end, 9)
{%- endmacro -%}

{#- How far the end of a difference's interval lies from the difference of two
    independent rates (Newcombe 1998, method 10), from how far theirs lie. -#}
{%- macro newcombe_distance(one, other) -%}
sqrt(pow(cast({{ one }} as double), 2) + pow(cast({{ other }} as double), 2))
{%- endmacro -%}

{#- Aggregates of the rows `where` of a pool. Decimals: a sum of doubles depends on the
    order of its rows. Wider than 18 digits, since DuckDB multiplies two of 18 as 64-bit
    numbers: days would not fit. -#}
{%- macro pooled_sums(where) -%}
cast(sum(denominator) filter (where {{ where }}) as bigint) as denominator,
        cast(sum(numerator) filter (where {{ where }}) as bigint) as printed_numerator,
        bool_and(lowest_pct = highest_pct and numerator is not null)
            filter (where {{ where }}) as is_exact,
        sum(lowest_pct * cast(denominator as decimal(20, 0)))
            filter (where {{ where }}) as lowest_sum,
        sum(highest_pct * cast(denominator as decimal(20, 0)))
            filter (where {{ where }}) as highest_sum,
{%- endmacro -%}

{#- The rate of a pool: of the summed counts where all are printed, else an end of what
    the members' rates allow (`weighted`: lowest_sum or highest_sum). -#}
{%- macro pooled_pct(weighted) -%}
case
            when is_exact then {{ pct_of_counts('printed_numerator', 'denominator') }}
            else cast(cast({{ weighted }} as double) / denominator as decimal(18, 12))
        end
{%- endmacro -%}

{#- Rates printed without counts cannot be pooled. Not applicable is what no member has
    students for. -#}
{%- macro pooled_status(reporting) -%}
case
            when is_exact then 'reported'
            when {{ reporting }} > 0 then 'range'
            when has_rates_without_counts then 'not_reported'
            when has_suppressed then 'suppressed'
            when has_no_students then 'not_applicable'
            else 'not_reported'
        end
{%- endmacro -%}

{#- An end of the rate that a goal is held against: unrounded where its counts are
    printed, else as printed, for nobody can be asked to print 89.5 as less than 90. -#}
{%- macro end_for_goal(end, printed) -%}
case when lowest_pct = highest_pct then {{ end }} else coalesce({{ printed }}, {{ end }})
        end
{%- endmacro -%}

{#- Whether all that lies between two ends meets a goal; a goal of "below 1" is not met
    by 1. -#}
{%- macro meets_goal(low, high) -%}
(
            direction = 'higher' and {{ low }} >= goal_pct
            or direction = 'lower' and {{ high }} < goal_pct
            or direction = 'lower'
            and {{ high }} = goal_pct
            and goal_comparison is distinct from 'below'
        )
{%- endmacro -%}

{#- How a rate stands to what is asked of it, one rule for exact numbers and bands, schools
    and states: the fact, how firm it is, and the verdict that follows from both. Asked is
    the goal or the target of the year, whichever is easier. A class is a full count, so the
    fact is held against the rate itself; another class of that size might have come out
    otherwise, so the firmness is held against the interval. Worked through in
    docs/targets.md. -#}
{%- macro standing() -%}
{{ reached() }} as reached,
        {{ firmness('reached') }} as firmness,
        {{ verdict('reached', 'firmness') }} as verdict
{%- endmacro -%}

{%- macro reached() -%}
case
            when value_status = 'suppressed' then 'suppressed'
            when value_status not in ('reported', 'range') then 'no_data'
            when {{ meets_goal('goal_low_pct', 'goal_high_pct') }} then 'goal'
            when {{ is_beyond_target('lowest_pct', 'highest_pct') }} then 'target'
            when
                {{ is_short_of_target('lowest_pct', 'highest_pct') }}
                and {{ is_short_of_goal('goal_low_pct', 'goal_high_pct') }} then 'missed'
            else 'unclear'
        end
{%- endmacro -%}

{#- Without a number of students nobody can say how firm a rate is. -#}
{%- macro firmness(reached) -%}
case
            when {{ reached }} in ('suppressed', 'no_data') then {{ reached }}
            when {{ reached }} = 'unclear' then 'range'
            when coalesce(students_count, 0) = 0 then 'no_count'
            when
                {{ reached }} = 'goal'
                and {{ meets_goal('interval_low_pct', 'interval_high_pct') }} then 'firm'
            when
                {{ reached }} in ('goal', 'target')
                and {{ is_beyond_target('interval_low_pct', 'interval_high_pct') }}
                then case {{ reached }} when 'goal' then 'firm_of_target' else 'firm' end
            when
                {{ reached }} = 'missed'
                and {{ is_short_of_target('interval_low_pct', 'interval_high_pct') }}
                and {{ is_short_of_goal('interval_low_pct', 'interval_high_pct') }}
                then 'firm'
            else 'close'
        end
{%- endmacro -%}

{%- macro verdict(reached, firmness) -%}
case
            when {{ reached }} in ('suppressed', 'no_data') then {{ reached }}
            when {{ firmness }} not in ('firm', 'firm_of_target') then 'cannot_tell'
            when {{ reached }} = 'missed' then 'off_track'
            when {{ reached }} = 'goal' and {{ firmness }} = 'firm' then 'at_goal'
            else 'on_track'
        end
{%- endmacro -%}

{%- macro is_beyond_target(low, high) -%}
(
            direction = 'higher' and {{ low }} >= target_high_pct
            or direction = 'lower' and {{ high }} <= target_low_pct
        )
{%- endmacro -%}

{%- macro is_short_of_target(low, high) -%}
(
            direction = 'higher' and {{ high }} < target_low_pct
            or direction = 'lower' and {{ low }} > target_high_pct
        )
{%- endmacro -%}

{#- Whether nothing between two ends meets the goal; so it is where there is none. -#}
{%- macro is_short_of_goal(low, high) -%}
(
            goal_pct is null
            or direction = 'higher' and {{ high }} < goal_pct
            or direction = 'lower' and {{ low }} > goal_pct
            or direction = 'lower'
            and {{ low }} = goal_pct
            and goal_comparison is not distinct from 'below'
        )
{%- endmacro -%}

{#- The year from which a school is closed, of each that is: a path, a membership and
    what is due end with the year before. -#}
{%- macro closings() -%}
select
        school_key,
        min(school_year) as closed_year
    from {{ ref('known_school_events') }}
    where event_type in ('closed', 'merged')
    group by school_key
{%- endmacro -%}

{#- First the row nearest to the wanted year, the earlier of two. -#}
{%- macro nearest_year(school_year, wanted_year) -%}
abs({{ school_year }} - {{ wanted_year }}), {{ school_year }}
{%- endmacro -%}

{#- First the row that landed last; of one landing the file whose name sorts last, and in
    it the lower row. -#}
{%- macro newest_first(landed='', printed='') -%}
{{ newest_file_first(landed, printed) }}, {{ printed }}source_row desc
{%- endmacro -%}

{%- macro newest_file_first(landed='', printed='') -%}
{{ landed }}landed_at desc nulls last, {{ printed }}source_file desc nulls last
{%- endmacro -%}
