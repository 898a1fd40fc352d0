"""The mapping in earthmover: check rows, rename, count students' days, or join grades.

It has neither hashes of ids nor a way to set a student aside as a whole, so that it
does less than the others: students that have an odd row are left out of its output.
"""

import json
import subprocess
import sys
from pathlib import Path

DAYS = """version: 2
config:
  output_dir: {out}/json
  log_level: WARNING
sources:
  days:
    file: {drop}/2014.04_7_PS_Att.csv
    header_rows: 1
transformations:
  checked:
    source: $sources.days
    operations:
      - operation: rename_columns
        columns:
          ADMINID: lea_id_state
          ENRORGID: school_id_state
          PERMNUMBER: student_id_state
          ATTEVENTDATE: attendance_date
          DAILY_STATUS: daily_status
          DSID_VALUE: day_value
      - operation: add_columns
        columns:
          is_sound: >-
            {{% raw %}}{{%- if student_id_state.isdigit()
            and daily_status in ['ABS', 'PRS']
            and day_value in ['0', '0.25', '0.5', '0.75', '1'] -%}}1
            {{%- else -%}}0{{%- endif -%}}{{% endraw %}}
          is_absent: >-
            {{% raw %}}{{%- if daily_status == 'ABS' -%}}1{{%- else -%}}0
            {{%- endif -%}}{{% endraw %}}
  counted:
    source: $transformations.checked
    operations:
      - operation: group_by
        group_by_columns: [school_id_state, student_id_state]
        create_columns:
          days: count()
          sound: sum(is_sound)
          absent: sum(is_absent)
destinations:
  days:
    source: $transformations.checked
    template: {out}/day.jsont
    extension: jsonl
    linearize: True
  students:
    source: $transformations.counted
    template: {out}/student.jsont
    extension: jsonl
    linearize: True
"""
SPELLS = """version: 2
config:
  output_dir: {out}/json
  log_level: WARNING
sources:
  spells_2013:
    file: {drop}/2013.04_4_PS_Enroll.csv
    header_rows: 1
  spells_2014:
    file: {drop}/2014.04_4_PS_Enroll.csv
    header_rows: 1
  spells_2015:
    file: {drop}/2015.04_4_PS_Enroll.csv
    header_rows: 1
  grades_2013:
    file: {drop}/2013.04_5_PS_GradeProg.csv
    header_rows: 1
  grades_2014:
    file: {drop}/2014.04_5_PS_GradeProg.csv
    header_rows: 1
  grades_2015:
    file: {drop}/2015.04_5_PS_GradeProg.csv
    header_rows: 1
transformations:
  grades:
    source: $sources.grades_2013
    operations:
      - operation: union
        sources: [$sources.grades_2014, $sources.grades_2015]
  checked:
    source: $sources.spells_2013
    operations:
      - operation: union
        sources: [$sources.spells_2014, $sources.spells_2015]
      - operation: join
        sources: [$transformations.grades]
        join_type: inner
        left_keys: [ENRORGID, PERMNUMBER, SY]
        right_keys: [ENRORGID, PERMNUMBER, SY]
        right_keep_columns: [GRADE]
      - operation: rename_columns
        columns:
          ADMINID: lea_id_state
          ENRORGID: school_id_state
          PERMNUMBER: student_id_state
          ENRBEGDATE: entry_date
          ENRENDDATE: exit_date
          EXITTYPE: exit_code
      - operation: add_columns
        columns:
          is_sound: >-
            {{% raw %}}{{%- if student_id_state.isdigit()
            and ETHNO in ['1', '2'] and RACE_AMI in ['Y', 'N']
            and RACE_ASI in ['Y', 'N'] and RACE_AFA in ['Y', 'N']
            and RACE_NAT in ['Y', 'N'] and RACE_WHT in ['Y', 'N']
            and NSLELG in ['01', '02', '09', '96']
            and GRADE in ['09', '10', '11', '12'] -%}}1
            {{%- else -%}}0{{%- endif -%}}{{% endraw %}}
destinations:
  spells:
    source: $transformations.checked
    template: {out}/spell.jsont
    extension: jsonl
    linearize: True
"""
DAY = """{{"student": "{{{{student_id_state}}}}", "school": "{{{{school_id_state}}}}",
"date": "{{{{attendance_date}}}}", "status": "{{{{daily_status}}}}",
"value": "{{{{day_value}}}}"}}"""
STUDENT = """{{"days": "{{{{days}}}}", "sound": "{{{{sound}}}}",
"absent": "{{{{absent}}}}"}}"""
SPELL = """{{"student": "{{{{student_id_state}}}}", "school": "{{{{school_id_state}}}}",
"grade": "{{{{GRADE}}}}", "entry": "{{{{entry_date}}}}", "exit": "{{{{exit_date}}}}",
"code": "{{{{exit_code}}}}", "year": "{{{{SY}}}}", "sound": "{{{{is_sound}}}}"}}"""
TEMPLATES = {"day.jsont": DAY, "student.jsont": STUDENT, "spell.jsont": SPELL}


def main() -> None:
    work, of = Path(sys.argv[1]), sys.argv[2]
    out = work / "out"
    told = {"out": out, "drop": work / "drop/vt_sis"}
    config, counted = {"attendance": (DAYS, days), "enrolment": (SPELLS, spells)}[of]
    for name, text in {"em.yml": config, **TEMPLATES}.items():
        (out / name).write_text(text.format(**told))
    program = Path(sys.executable).with_name("earthmover")
    subprocess.run([program, "run", "-c", out / "em.yml"], check=True, cwd=out)
    print("counted", counted(out / "json"))


def days(folder: Path) -> tuple[int, ...]:
    with (folder / "students.jsonl").open() as lines:
        told = [{k: float(v) for k, v in json.loads(line).items()} for line in lines]
    whole = [each for each in told if each["days"] == each["sound"]]
    chronic = sum(each["absent"] >= 0.1 * each["days"] for each in whole)
    sums = (int(sum(each[name] for each in whole)) for name in ("days", "absent"))
    return len(whole), *sums, chronic


def spells(folder: Path) -> tuple[int, ...]:
    with (folder / "spells.jsonl").open() as lines:
        told = [json.loads(line) for line in lines]
    unsound = {each["student"] for each in told if int(each["sound"]) == 0}
    codes = {
        (each["student"], each["year"]): each["code"]
        for each in told
        if each["student"] not in unsound
    }
    members = [student for student, year in codes if year == "2014"]
    stays = {student for student, year in codes if year == "2014"}
    left = [s for s in members if codes[s, "2014"] in ("14", "15", "16", "18")]
    gone = [
        student
        for (student, year), code in codes.items()
        if year == "2013" and not code and student not in stays
    ]
    return len(members), len(left) + len(gone)


if __name__ == "__main__":
    main()
