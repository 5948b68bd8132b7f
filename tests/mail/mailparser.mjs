// Prints what the npm package mailparser makes of mails, as JSON: node mailparser.mjs FOLDER, whose *.eml are read in the order of their names.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { simpleParser } = createRequire(join(process.cwd(), "package.json"))("mailparser");
const folder = process.argv[2];
const read = [];
for (const name of readdirSync(folder).filter((one) => one.endsWith(".eml")).sort()) {
  const mail = await simpleParser(readFileSync(join(folder, name)));
  read.push({
    subject: mail.subject,
    from: mail.from?.value,
    to: mail.to?.value,
    replyTo: mail.replyTo?.value ?? [],
    date: mail.date?.toISOString(),
    messageId: mail.messageId,
    text: mail.text,
    html: mail.html,
    headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(":") + 1).trim()])),
    attachments: mail.attachments.map((one) => ({
      filename: one.filename,
      contentType: one.contentType,
      disposition: one.contentDisposition,
      text: one.content.toString("utf8"),
      sha256: createHash("sha256").update(one.content).digest("hex"),
    })),
  });
}
process.stdout.write(JSON.stringify(read));
