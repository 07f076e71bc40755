// Reads {secret, headers, body} from stdin and verifies it as any receiver would: exit code 0, or 1 with the reason.
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const { secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'));
try {
  const content = new Webhook(secret).verify(body, headers);
  process.stdout.write(JSON.stringify(content));
} catch (error) {
  process.stderr.write(String(error));
  process.exit(1);
}
