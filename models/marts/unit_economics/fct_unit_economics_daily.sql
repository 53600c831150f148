{{ unit_economics('daily') }}
