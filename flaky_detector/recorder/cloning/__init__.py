"""Test databases that are made once and then copied.

Making a test database, which is running all migrations, is most of what a short trial takes. So the first process of a hunt that makes
one leaves a template, and those that come later copy it. The rest of Django's `create_test_db` runs as ever on the copy: signals are sent
with the plan that they would have got, cache tables made, contents serialised.

    create_test_db   an empty database   pre_migrate   migrations, all   ─ template ─►   post_migrate   …
                     a copy              pre_migrate   taken as done     ◄─ copy ───     post_migrate   …

told         values as text that is the same in another process
key          what a database's contents depend on, as a key
registry     the folder that the hunt's processes share
making       stands around `create_test_db`
migrating    stands around its migrations
postgresql   one engine each
sqlite
mysql
keeper       a process that makes copies beforehand, and drops all at the end
"""
