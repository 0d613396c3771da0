"""What the guide's blocks for SharePoint and WordPress find there, played by as little as they use of it."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.make.widget_build import installed, ran

_PACKAGES = {
    "sp-webpart-base": """
        import { AadHttpClientFactory } from "@microsoft/sp-http";
        export class BaseClientSideWebPart<Properties> {
          public readonly context = { aadHttpClientFactory: new AadHttpClientFactory() };
          public readonly domElement: HTMLElement = document.getElementById("webpart") as HTMLElement;
          public properties: Properties = {} as Properties;
        }
    """,
    "sp-http": """
        export interface HttpClientResponse { readonly ok: boolean; json(): Promise<any> }
        export class AadHttpClient {
          public static readonly configurations = { v1: {} };
          public post(url: string, _configuration: object, options: RequestInit): Promise<HttpClientResponse> {
            return fetch(url, { ...options, method: "POST" });
          }
        }
        export class AadHttpClientFactory {
          public async getClient(application: string): Promise<AadHttpClient> {
            if (!application.startsWith("api://")) throw new Error("nobody's application");
            return new AadHttpClient();
          }
        }
    """,
}
# SharePoint draws a web part again whenever its properties or its size change.
_MAIN = 'import PulseWebPart from "./web_part";\nconst part = new PulseWebPart();\npart.render();\npart.render();\n'
_SETTINGS = {
    "compilerOptions": {
        "strict": True, "noEmit": True, "noUnusedLocals": True, "skipLibCheck": True, "target": "es2020",
        "module": "esnext", "moduleResolution": "bundler", "lib": ["es2020", "dom"], "types": [],
    },
    "files": ["main.ts"],
}  # fmt: skip


def web_part(folder: Path, block: str) -> str:
    """The block, checked by the compiler, as the script that SharePoint would load."""
    for name, code in _PACKAGES.items():
        package = folder / "node_modules" / "@microsoft" / name
        package.mkdir(parents=True)
        (package / "index.ts").write_text(code)
    (folder / "web_part.ts").write_text(block)
    (folder / "main.ts").write_text(_MAIN)
    (folder / "tsconfig.json").write_text(json.dumps(_SETTINGS))
    tools = installed() / "node_modules" / ".bin"
    ran(folder, str(tools / "tsc"), "-p", str(folder))
    bundle = folder / "web_part.js"
    ran(folder, str(tools / "esbuild"), "main.ts", "--bundle", "--log-level=warning", f"--outfile={bundle}")
    return bundle.read_text()


PHP = shutil.which("php")
_WORDPRESS = """<?php
$shortcodes = array();
function add_shortcode( $tag, $callback ) { global $shortcodes; $shortcodes[ $tag ] = $callback; }
function shortcode_atts( $pairs, $attributes, $shortcode ) { return array_merge( $pairs, $attributes ); }
class WP_User {
	public $user_login;
	function __construct( $login ) { $this->user_login = $login; }
	function exists() { return '' !== $this->user_login; }
}
function wp_get_current_user() { return new WP_User( getenv( 'LOGIN' ) ); }
function wp_json_encode( $data ) { return json_encode( $data ); }
function wp_remote_post( $url, $arguments ) {
	$lines = array();
	foreach ( $arguments['headers'] as $name => $value ) { $lines[] = $name . ': ' . $value; }
	$http = array( 'method' => 'POST', 'header' => $lines, 'content' => $arguments['body'], 'ignore_errors' => true );
	$body = file_get_contents( $url, false, stream_context_create( array( 'http' => $http ) ) );
	return array( 'status' => (int) explode( ' ', $http_response_header[0] )[1], 'body' => $body );
}
function wp_remote_retrieve_response_code( $answer ) { return $answer['status']; }
function wp_remote_retrieve_body( $answer ) { return $answer['body']; }
function esc_url( $url ) { return htmlspecialchars( $url, ENT_QUOTES ); }
define( 'POULS_URL', getenv( 'POULS' ) );
define( 'POULS_KEY', getenv( 'KEY' ) );
require $argv[1];
echo $shortcodes['pouls']( array( 'campaign' => getenv( 'CAMPAIGN' ) ) );
"""


def shortcode(folder: Path, plugin: str, **environment: str) -> str:
    """What the plugin writes into a page, for LOGIN."""
    assert PHP is not None
    (folder / "plugin.php").write_text(plugin)
    (folder / "wordpress.php").write_text(_WORDPRESS)
    command = [PHP, "-d", "error_reporting=-1", "-d", "display_errors=stderr", "wordpress.php", "plugin.php"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    return done.stdout
