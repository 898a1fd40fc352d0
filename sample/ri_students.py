"""What Rhode Island's schools send of students: census, attendance, cohort listing.

Attendance is a workbook with a sheet a year and a row for each student and school.
"""
