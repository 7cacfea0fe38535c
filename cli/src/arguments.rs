//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use smart_core::client::registration::InitialAccessToken;
use smart_core::deployment::{EhrOrigins, PublicUrl};
use smart_core::id::{ClientId, GrantId, Username};
use smart_core::user::FhirUser;

/// Where the server listens, and the data folder.
const PORT: u16 = 8080;
pub(crate) const DATA: &str = "./.smart";

/// A SMART App Launch 2.2 authorization server with a FHIR read API.
///
/// Without a command it serves on port 8080 of this machine, with a demo to try.
#[derive(Debug, Parser)]
#[command(name = "smart", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole server on one port: what `smart` does by itself
    ///
    /// Prints `ready PUBLIC_URL` on standard output once it serves; everything else goes to standard error. Listens on
    /// this machine only: 127.0.0.1 and, where there is one, `::1`. Into a new store on loopback a demo is loaded, unless
    /// a seed is given.
    Serve(Serve),
    /// Load FHIR resources into the records
    ///
    /// Files ending in .json hold one resource or a Bundle, whose entries are loaded; all others one resource a line
    /// (NDJSON). Each resource that is refused is told with its file and line; the last line counts. Exits with 1 if any
    /// was refused.
    Import(Import),
    /// Register, see and disable client apps
    #[command(subcommand)]
    Client(Client),
    /// Add, see and disable users
    #[command(subcommand)]
    User(User),
    /// See and rotate the keys that sign
    #[command(subcommand)]
    Key(Key),
    /// See and end what users have granted to apps
    #[command(subcommand)]
    Grant(Grant),
    /// Check a file of user-access brands, and print the Bundle that is made of it
    ///
    /// What `smart serve --brands` serves, and what the functions on AWS serve when the file is deployed with them.
    Brands(Brands),
    /// Try everything that a server says of itself in its discovery documents
    ///
    /// Runs a real flow over HTTP for each capability, endpoint, grant type, method, algorithm, claim and scope that is listed, and for
    /// much that is not: what is listed must work, and what is not must be refused. The server needs test clients, users and patients:
    /// `--make-seed FOLDER` writes them, with fresh secrets. Load them (`smart serve --seed FOLDER`; or `smart client add
    /// FOLDER/clients.json`, `smart user add FOLDER/users.json`, `smart import FOLDER/fhir/verify.ndjson`), verify, and
    /// disable the clients and users afterwards. Its users sign in here, with name and password. Prints a line for each item;
    /// what cannot be tried from here is told, with the reason. Exits with 1 if something is false, and with 2 if nothing could be verified.
    #[cfg(feature = "verify")]
    Verify(Verify),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve {
            port: PORT,
            public_url: None,
            data: None,
            ephemeral: false,
            seed: None,
            login_providers: None,
            local_users: None,
            ehr_origins: EhrOrigins::default(),
            registration_token_sha256: None,
            brands: None,
            log: Log::Pretty,
        })
    }
}

/// Where to serve, and what.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port to listen on; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = PORT)]
    pub(crate) port: u16,
    /// The URL under which clients reach the server [default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,
    /// The folder that keeps everything [default: ./.smart]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data: Option<PathBuf>,
    /// Keep nothing: all is gone when the server stops
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Load this seed folder first (clients.json, users.json, fhir/): adds and updates, deletes nothing
    #[arg(long, value_name = "DIR")]
    pub(crate) seed: Option<PathBuf>,
    /// Let people sign in at the identity providers of this file, a JSON array that names their secrets (`env:NAME`, `file:PATH`)
    #[arg(long, value_name = "FILE")]
    pub(crate) login_providers: Option<PathBuf>,
    /// Whether users of this server may sign in with a password [default: false with --login-providers, else true]
    #[arg(long, value_name = "BOOL", requires = "login_providers")]
    pub(crate) local_users: Option<bool>,
    /// The EHRs that may show the pages inside their own, by origin, separated by commas
    #[arg(long, value_name = "ORIGINS", default_value = "", hide_default_value = true)]
    pub(crate) ehr_origins: EhrOrigins,
    /// Let programs register clients (RFC 7591) that bear the initial access token of this SHA-256, in hexadecimal digits
    #[arg(long, value_name = "HEX")]
    pub(crate) registration_token_sha256: Option<InitialAccessToken>,
    /// Publish who stands behind the records, for apps to show: the user-access brands of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) brands: Option<PathBuf>,
    /// How log lines are written
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Log::Pretty)]
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// Lines to read
    Pretty,
    /// JSON objects, one a line
    Json,
}

/// Where the operator works.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data folder of the server, which may be running
    #[arg(long, value_name = "DIR", default_value = DATA, conflicts_with = "aws")]
    pub(crate) data: PathBuf,
    /// The name of a CloudFormation stack, to work on what is deployed on AWS instead
    ///
    /// Region and credentials are found as by every AWS tool (`AWS_REGION`, `AWS_PROFILE`, SSO …). Needs a command that was built
    /// with AWS: `cargo install --path cli --features aws`.
    #[arg(long, value_name = "STACK")]
    pub(crate) aws: Option<String>,
}

/// What to load, and into which store.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) place: Place,
    /// NDJSON or JSON files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Register clients, or change them: RFC 7591 metadata, one JSON object or an array
    ///
    /// A client that is registered already is replaced, and is enabled again if it was disabled. A client of the method
    /// `client_secret_basic` or `client_secret_post` without a `client_secret` is given one, which is printed this once.
    Add {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Let the secret that a client had be good for so many hours beside the new one, so that it can be changed without an
        /// outage [default: it ends at once]
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=720))]
        keep_old_secret: Option<u32>,
        /// The file; - reads standard input
        file: PathBuf,
    },
    /// List all clients
    List {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one client
    Show {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// The client's `client_id`
        id: ClientId,
    },
    /// Disable a client: it gets no more tokens, and those it has stop working within a minute
    Disable {
        #[command(flatten)]
        place: Place,
        /// The client's `client_id`
        id: ClientId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add users, or change them: from a file, or one by flags
    ///
    /// The file holds an object, or an array of such: { "username", "password", "name", "fhirUser", "patients" }, as in
    /// users.json of a seed folder. A user who is there already is replaced, and is enabled again if disabled. Another password
    /// than before signs the user out everywhere, and ends what apps were granted: at reads within a minute.
    Add(AddUser),
    /// List all users
    List {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Disable a user: no more signing in, and the user's grants stop working within a minute
    Disable {
        #[command(flatten)]
        place: Place,
        /// The user's name
        #[arg(value_name = "NAME")]
        username: Username,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// List the keys: which one signs, and which are published besides
    List {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Replace the key that signs
    ///
    /// A new key is published first, signs an hour later, and the old one stays published until its last token has expired. In a
    /// data folder that is arranged at once, and a running server must be restarted. On AWS each run makes the next of three
    /// steps, when it is due, and says when the one after it is.
    Rotate {
        #[command(flatten)]
        place: Place,
        /// Go on at once: the old key may have leaked, and tokens of it are to fail
        #[arg(long)]
        without_waiting: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Grant {
    /// List the grants that are in force
    List {
        #[command(flatten)]
        place: Place,
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<Username>,
        /// Only those to this client
        #[arg(long, value_name = "ID")]
        client: Option<ClientId>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a grant: its tokens stop working at once
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The grant's id, as `grant list` and the logs show it
        #[arg(allow_hyphen_values = true)]
        id: GrantId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddUser {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The file; - reads standard input
    #[arg(required_unless_present = "username")]
    pub(crate) file: Option<PathBuf>,
    /// What the user types to sign in
    #[arg(long, conflicts_with = "file", requires_all = ["name", "fhir_user", "patients"])]
    pub(crate) username: Option<Username>,
    /// The full name
    #[arg(long, requires = "username")]
    pub(crate) name: Option<String>,
    /// The resource that stands for the user, such as Practitioner/p1
    #[arg(long, value_name = "TYPE/ID", requires = "username")]
    pub(crate) fhir_user: Option<FhirUser>,
    /// The patients whose records the user may see: ids with commas between them, or * for all
    #[arg(long, value_name = "IDS", requires = "username")]
    pub(crate) patients: Option<String>,
    /// Take the password from the first line of this file, - for standard input [default: make one and print it]
    #[arg(long, value_name = "FILE", requires = "username")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Which brands, and where they will be served.
#[derive(Debug, Args)]
pub(crate) struct Brands {
    /// The URL under which apps reach the service
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    pub(crate) public_url: PublicUrl,
    /// The file; - reads standard input
    pub(crate) file: PathBuf,
}

/// What to verify, and with what.
#[cfg(feature = "verify")]
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The FHIR base URL of the server, or its public URL
    #[arg(value_name = "BASE_URL", required_unless_present = "make_seed")]
    pub(crate) base: Option<url::Url>,
    /// The folder that --make-seed wrote, and that was loaded into the server
    #[arg(long, value_name = "FOLDER", required_unless_present = "make_seed")]
    pub(crate) seed: Option<PathBuf>,
    /// Write a new seed into this folder, and do nothing else; with the `BASE_URL` of a server on this machine it has a client more,
    /// whose keys are published while it is verified
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["seed", "report", "initial_access_token"])]
    pub(crate) make_seed: Option<PathBuf>,
    /// Write the whole report into this file: JSON if its name ends in .json, else Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// A file with a token that lets register clients, where the server has a registration endpoint
    #[arg(long, value_name = "FILE")]
    pub(crate) initial_access_token: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves_as_serve_does_by_itself() {
        let Some(Command::Serve(serve)) = Arguments::parse_from(["smart", "serve"]).command else { panic!() };
        assert_eq!(format!("{:?}", Command::Serve(serve)), format!("{:?}", Command::default()));
    }

    #[test]
    fn a_command_works_in_a_folder_or_on_a_stack_and_not_on_both() {
        let parse = |places: &[&str]| {
            Arguments::try_parse_from([&["smart", "grant", "list"], places].concat()).map(|parsed| {
                match parsed.command {
                    Some(Command::Grant(Grant::List { place, .. })) => (place.data, place.aws),
                    _ => panic!("grant list"),
                }
            })
        };
        assert_eq!(parse(&[]).unwrap(), (DATA.into(), None));
        assert_eq!(parse(&["--data", "d"]).unwrap(), ("d".into(), None));
        assert_eq!(parse(&["--aws", "smart"]).unwrap().1.as_deref(), Some("smart"));
        let refused = parse(&["--data", "d", "--aws", "smart"]).unwrap_err().to_string();
        assert!(refused.contains("cannot be used with"), "{refused}");
    }
}
