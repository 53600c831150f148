{{ unit_economics('weekly') }}
