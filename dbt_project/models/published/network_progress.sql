{{ network_progress(public=false) }}
