// As tests/clients/reading.py and duckdb_file.py, by @duckdb/node-api.
import { realpathSync } from "node:fs";
import duckdb, { DuckDBInstance } from "@duckdb/node-api";

const VERDICTS = `
    select count(*)::integer from school_target_status
    where state = 'CT' and student_group = 'all' and target_model = 'compounding'`;
const [folder, seconds] = process.argv.slice(2);

async function read() {
  // DuckDB 1.5.6 follows the link twice where it is closed to other files.
  const file = `${realpathSync(folder)}/public.duckdb`;
  // create, not fromCache: a cached instance keeps its release.
  const instance = await DuckDBInstance.create(file, {
    access_mode: "READ_ONLY",
    enable_external_access: "false",
  });
  const connection = await instance.connect();
  try {
    const about = await connection.runAndReadAll("select release_id from about_release");
    const verdicts = await connection.runAndReadAll(VERDICTS);
    return JSON.stringify([about.getRows()[0][0], verdicts.getRows()[0][0]]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const seen = { [await read()]: 1 };
const errors = {};
console.log("ready");
const until = Date.now() + seconds * 1000;
// On a busy machine a slow client goes on until it has seen a change.
const waits = () => Object.keys(seen).length < 2 && Date.now() < until + 60_000;
while (Date.now() < until || waits()) {
  try {
    const pair = await read();
    seen[pair] = (seen[pair] ?? 0) + 1;
  } catch (error) {
    errors[error.message] = (errors[error.message] ?? 0) + 1;
  }
}
const pairs = Object.entries(seen).map(([pair, times]) => [...JSON.parse(pair), times]);
console.log(
  JSON.stringify({ client: "Node", version: duckdb.version(), seen: pairs, errors }),
);
