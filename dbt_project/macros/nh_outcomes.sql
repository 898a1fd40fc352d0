{#- A rate of New Hampshire as per cent: "87.90%" says so itself, a bare number of a
    workbook is a proportion (its contract lets no other through), a marker stays. -#}
{%- macro nh_percent(cell) -%}
case
    when {{ cell }} like '%\%' escape '\' then {{ percent_token(cell) }}
    else {{ percent_of_proportion(cell) }}
end
{%- endmacro -%}

{#- True for the rows of an assessment that the warehouse reads: grade 11, the one
    tested grade of a high school; the regular denominator, not the federal one of at
    least 95 per cent; and the student groups that the consortium reports. -#}
{%- macro nh_assessment_is_read() -%}
(
        coalesce(denominator_type, 'Regular') = 'Regular'
        and grade = '11'
        and coalesce(student_group_label, 'All students') not in (
            'EL - Curr + Monitor Yr1-4',
            'Foster',
            'Gender X',
            'Homeless',
            'Migrant',
            'Military'
        )
    )
{%- endmacro -%}

{#- True for the rows of the state report card that the warehouse reads. -#}
{%- macro nh_grad_ccr_is_read() -%}
student_group_label not in (
    'Homeless', 'Migrant', 'Military Connected', 'Students in Foster Care'
)
{%- endmacro -%}
