//! The command line and what it shows.

mod data;
mod output;
mod places;
mod running;

const TWO_TASKS: &str = "
    tasks:
      movies:
        mock: [ Solaris (1972), The Assassination of Jesse James by the Coward Robert Ford (2007) ]
        accept_all: yes
        list_add: [ entry_list: wanted ]
      tidy:
        mock: [ Solaris (1972), Stalker (1979) ]
        list_match: { from: [ entry_list: wanted ], remove_on_match: no }
        seen: local
";
