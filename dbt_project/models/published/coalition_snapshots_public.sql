{{ coalition_snapshots(public=true) }}
