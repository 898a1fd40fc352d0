import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import os
    from html import escape

    import altair as alt
    import duckdb
    import marimo as mo
    import pandas as pd
    import vl_convert

    RELEASE = os.environ.get(
        "COMMON_METRICS_RELEASE", "lake/published/current/public.duckdb"
    )


@app.function
def ask(sql: str, **values: str | int) -> pd.DataFrame:
    """Return the rows of a query of the release; opened for it alone, read-only."""
    with duckdb.connect(RELEASE, read_only=True) as con:
        return con.execute(sql, values).df()


@app.function
def shown(rows: pd.DataFrame) -> mo.Html:
    """Return rows as a plain table: numbers to one digit, what is missing as a dash."""
    table = rows.astype(object).where(rows.notna(), "–")
    return mo.Html(table.to_html(index=False, float_format="{:.1f}".format))


@app.function
def drawn(chart: alt.LayerChart, words: str) -> mo.Html:
    """Return a chart as a picture: no script, and nothing is fetched."""
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    return mo.Html(f'<figure role="img" aria-label="{escape(words)}">{svg}</figure>')


@app.cell(hide_code=True)
def _():
    mo.md("""
    # The common metrics, read from a release

    Three questions: how does one school stand on its path, how does the region stand
    against the network's goals, and in which schools does a group fall behind beyond
    chance? Rates come with what they leave out: a range is drawn from end to end, and a
    number that is hidden is neither zero nor guessed.
    """)
    return


@app.cell
def _():
    # The school with most exact four-year rates against a target; put another key here.
    school = ask("""
        select
            school_key,
            school_name,
            state,
            count_if(value_status = 'reported') as years
        from school_history
        where
            metric_id = 'acgr_4yr' and student_group = 'all'
            and verdict in ('on_track', 'off_track')
        group by all
        order by years desc, school_key
        limit 1
    """).iloc[0]
    return (school,)


@app.cell
def _(school):
    path = ask(
        """
        select
            school_year,
            value_status as status,
            coalesce(value_low_pct, value_pct) as lowest,
            coalesce(value_high_pct, value_pct) as highest,
            target_low_pct as target_lowest,
            target_high_pct as target_highest,
            goal_pct as goal,
            reached,
            firmness,
            warning_ids as warnings,
            coalesce(source_file, 'not delivered') as source
        from school_history
        where
            school_key = $school and metric_id = 'acgr_4yr' and student_group = 'all'
        order by school_year
        """,
        school=school.school_key,
    )
    return (path,)


@app.cell
def _(path, school):
    axis = alt.Axis(title="Graduated in four years, per cent")
    base = alt.Chart(path).encode(x=alt.X("school_year:O", title="Class of"))

    def between(lowest: str, highest: str) -> dict:
        scale = alt.Scale(zero=False)
        return {"y": alt.Y(f"{lowest}:Q", axis=axis, scale=scale), "y2": f"{highest}:Q"}

    value = between("lowest", "highest")
    target = between("target_lowest", "target_highest")
    chart = alt.layer(
        base.mark_area(color="#b04a00", opacity=0.3, line={"color": "#b04a00"}).encode(
            **target
        ),
        base.mark_line(color="#666666", strokeDash=[4, 3]).encode(y="goal:Q"),
        base.mark_rule(strokeWidth=6, color="#4c78a8").encode(**value),
        base.transform_filter("datum.lowest === datum.highest")
        .mark_point(filled=True, size=70, color="#4c78a8")
        .encode(y=value["y"]),
    ).properties(width=560, height=260)
    mo.vstack(
        [
            mo.md(f"""
    ## One school's path: {school.school_name} ({school.state})

    Points are exact rates, bars are ranges. The orange line is the target, a band where
    the baseline is a range; the broken line is the goal.
    """),
            drawn(chart, f"Four-year graduation rate of {school.school_name} by class"),
            shown(path),
        ]
    )
    return


@app.cell
def _():
    goals = ask("""
        select
            state,
            school_year,
            label as metric,
            coalesce(value_low_pct, value_pct) as lowest,
            coalesce(value_high_pct, value_pct) as highest,
            value_status as status,
            goal_pct as goal,
            provider
        from state_outcomes
        inner join dim_metric using (metric_id)
        where is_preferred and student_group = 'all' and goal_pct is not null
        qualify row_number() over (
            partition by state, metric_id
            order by value_status in ('reported', 'range') desc, school_year desc
        ) = 1
        order by metric, state
    """)
    mo.vstack(
        [
            mo.md("""
    ## The region against its goals

    The newest number that each state has, beside the goal. A state that counts
    otherwise has another metric and stands in another block.
    """),
            shown(goals),
        ]
    )
    return


@app.cell
def _():
    # The definitions of the semantic layer, as SQL.
    metrics = ask("from semantic_metrics").set_index("semantic_metric").expression
    off = ask(f"""
        select
            state,
            school_year,
            {metrics["schools_judged_count"]} as schools_judged,
            {metrics["schools_reached_low_pct"]} as reached_at_least,
            {metrics["schools_reached_high_pct"]} as reached_at_most
        from school_target_status
        where
            metric_id = 'acgr_4yr' and student_group = 'all'
            and target_model = 'compounding'
        group by state, school_year
        order by state, school_year
    """)
    mo.vstack(
        [
            mo.md("""
    Schools whose four-year graduation reached their target or the goal, per cent of the
    schools judged, between these bounds (`semantic_metrics`). Shares of verdicts do not
    stand side by side: they hang on what each state prints.
    """),
            shown(off),
        ]
    )
    return


@app.cell
def _():
    gaps = ask("""
        select
            gap.state,
            gap.school_name as school,
            gap.school_year,
            gap.label as metric,
            gap.student_group as "group",
            gap.gap_low_points as at_least,
            gap.gap_high_points as at_most,
            gap.certain_points as certain,
            (
                select string_agg(distinct warning.text, ' ')
                from warned_outcomes as warning
                where
                    warning.school_key = gap.school_key
                    and warning.metric_id = gap.metric_id
                    and warning.school_year = gap.school_year
                    and warning.student_group = gap.student_group
                    and warning.is_preferred
            ) as warnings
        from widest_gaps as gap
        where
            gap.student_group in ('ed', 'el', 'swd', 'high_needs')
            and gap.gap_rank = 1
        order by certain desc
        limit 15
    """)
    mo.vstack(
        [
            mo.md("""
    ## Gaps within schools, with what to know before using them

    The group's rate less its complement's, in points. `certain` remains at the near end
    of the interval; gaps that chance or ranges may explain are not here.
    """),
            shown(gaps),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
