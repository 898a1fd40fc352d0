{{ coalition_snapshots(public=false) }}
