{{ network_progress(public=true) }}
