/** Prints every dictionary of the screens as JSON, by language and name: for what quotes them outside the apps. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const folder = fileURLToPath(new URL('../ui/strings', import.meta.url));
const said = {};
for (const language of readdirSync(folder)) {
  said[language] = {};
  for (const file of readdirSync(join(folder, language))) {
    const name = file.slice(0, -'.ts'.length);
    const { module } = await runnerImport(join(folder, language, file), { configFile: false });
    said[language][name] = module[name];
  }
}
process.stdout.write(JSON.stringify(said));
