import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n";
import { bytesOf } from "../../i18n/format";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Button, Note } from "../../ui/parts";
import { verifyBundle, type Verdict } from "./verify/bundle";

interface VerifyDialogProps {
  /** Dropped on the page; null = to be chosen. */
  file: File | null;
  /** Of this site's key; null = not known. */
  siteFingerprint: string | null;
  onClose: () => void;
}

/** A bundle is checked in the browser; it is read here and goes nowhere. */
export function VerifyDialog({ file: given, siteFingerprint, onClose }: VerifyDialogProps) {
  const t = text.value.evidence;
  const [file, setFile] = useState(given);
  const [readBytes, setRead] = useState(0);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    if (file === null) return undefined;
    let isOld = false;
    let read = 0;
    setRead(0);
    setVerdict(null);
    void verifyBundle(file, (bytes) => {
      read += bytes;
      if (!isOld) setRead(read);
    }).then((found) => {
      if (!isOld) setVerdict(found);
    });
    return () => {
      isOld = true;
    };
  }, [file]);
  return (
    <Dialog title={t.verifyTitle} onClose={onClose}>
      <div class="dialog-body">
        {file === null && <Chooser onChosen={setFile} />}
        {file !== null && verdict === null && (
          <div class="progress" role="status">
            <span class="muted">{t.verifying(file.name)}</span>
            <div class="meter" role="progressbar" aria-label={t.verifyTitle} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round((readBytes / Math.max(1, file.size)) * 100)}>
              <i style={{ width: `${(readBytes / Math.max(1, file.size)) * 100}%` }} />
            </div>
          </div>
        )}
        {file !== null && verdict !== null && <Result name={file.name} verdict={verdict} siteFingerprint={siteFingerprint} />}
      </div>
      <footer>
        {file !== null && (
          <Button onClick={() => setFile(null)}>
            {t.verifyAnother}
          </Button>
        )}
        <Button kind="primary" onClick={onClose}>
          {text.value.common.close}
        </Button>
      </footer>
    </Dialog>
  );
}

function Chooser({ onChosen }: { onChosen: (file: File) => void }) {
  const t = text.value.evidence;
  return (
    <label class="drop-zone">
      <Icon name="file" size={32} />
      <b>{t.verifyDrop}</b>
      <small class="muted">{t.verifyLocal}</small>
      <input
        type="file"
        accept=".zip,application/zip"
        aria-label={t.verifyChoose}
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          if (chosen !== undefined) onChosen(chosen);
        }}
      />
    </label>
  );
}

function Result({ name, verdict, siteFingerprint }: { name: string; verdict: Verdict; siteFingerprint: string | null }) {
  const t = text.value.evidence;
  const isGood = verdict.faults.length === 0;
  const isOurs = verdict.fingerprint !== null && verdict.fingerprint === siteFingerprint;
  return (
    <div class="verdict" role="status" data-verdict={isGood ? (isOurs ? "good" : "unsure") : "bad"}>
      <p class="mono">{name}</p>
      {isGood ? (
        <Note tone={isOurs ? "plain" : "warn"} title={t.verifyGood}>
          {t.verifyCounts(verdict.files, bytesOf(verdict.bytes))}
        </Note>
      ) : (
        <>
          <Note tone="alarm" title={t.verifyBad(verdict.faults.length)} />
          <ul class="faults">
            {verdict.faults.map(({ path, kind }) => (
              <li key={`${path} ${kind}`}>
                {path === "" ? t.wholePackage : <span class="mono">{path}</span>} {t.faults[kind]}
              </li>
            ))}
          </ul>
        </>
      )}
      {verdict.fingerprint !== null && <p>{isOurs ? t.signedHere(verdict.fingerprint) : t.signedElsewhere(verdict.fingerprint)}</p>}
      {!verdict.canCheckSignatures && <p class="word-warn">{t.signatureUnchecked}</p>}
      <small class="muted">{t.verifyLimits}</small>
    </div>
  );
}
