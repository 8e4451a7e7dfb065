import type { FoundDevice, Tenant } from "../../../api/types";
import { text } from "../../../i18n";
import { go, hashOf } from "../../../state/route";
import { cameras, camerasById } from "../../../state/site";
import { Button, Field, Note } from "../../../ui/parts";
import { deviceWords, keyOf, nameOf, type Access } from "./search";
import { chosenTenant, tenantName } from "../tenants";

/** The names of what was picked, by the device's key. */
export type Picks = Readonly<Record<string, string>>;

interface Props {
  found: readonly FoundDevice[];
  picks: Picks;
  onPick: (picks: Picks) => void;
  access: Access;
  onAccess: (changes: Partial<Access>) => void;
  tenants: readonly Tenant[];
  fault: string;
  /** Nothing answered: look under addresses that are typed. */
  onByAddress: () => void;
}

/** What answered, to be picked and named; one user and password for all of it. */
export function PickList({ found, picks, onPick, access, onAccess, tenants, fault, onByAddress }: Props) {
  const t = text.value.search;
  const words = text.value.wizard;
  if (found.length === 0) {
    return (
      <>
        <Note title={t.nothing}>{t.nothingHint}</Note>
        <div class="ways">
          <Button icon="search" onClick={onByAddress}>
            {t.byAddress}
          </Button>
          <Button icon="plus" onClick={() => go(hashOf("cameras", null, { add: "1" }))}>
            {t.byVendor}
          </Button>
        </div>
      </>
    );
  }
  const fresh = found.filter((device) => device.already_added_as === null);
  const areAllPicked = fresh.length > 0 && fresh.every((device) => picks[keyOf(device)] !== undefined);

  const suggested = (device: FoundDevice): string => nameOf(device, t.camera, found, (cameras.value ?? []).map(({ name }) => name));

  function toggle(device: FoundDevice): void {
    const { [keyOf(device)]: before, ...rest } = picks;
    onPick(before === undefined ? { ...picks, [keyOf(device)]: suggested(device) } : rest);
  }

  return (
    <>
      {fresh.length > 1 && (
        <label class="check">
          <input
            type="checkbox"
            checked={areAllPicked}
            onChange={() => onPick(areAllPicked ? {} : Object.fromEntries(fresh.map((device) => [keyOf(device), picks[keyOf(device)] ?? suggested(device)])))}
          />
          {t.all(fresh.length)}
        </label>
      )}
      <ul class="found-list">
        {found.map((device) => (
          <Row key={keyOf(device)} device={device} name={picks[keyOf(device)]} onToggle={() => toggle(device)} onName={(name) => onPick({ ...picks, [keyOf(device)]: name })} />
        ))}
      </ul>
      {fault && (
        <p class="word-alarm" role="alert">
          {fault}
        </p>
      )}
      {fresh.length > 0 && (
        <div class="form">
          <Field label={words.username}>
            {(ids) => (
              <input
                {...ids}
                name="username"
                type="text"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                value={access.isOpen ? "" : access.username}
                disabled={access.isOpen}
                onInput={(event) => onAccess({ username: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={words.password}>
            {(ids) => (
              <input {...ids} name="password" type="password" autocomplete="new-password" value={access.isOpen ? "" : access.password} disabled={access.isOpen} onInput={(event) => onAccess({ password: event.currentTarget.value })} />
            )}
          </Field>
          <label class="check field wide">
            <input name="open" type="checkbox" checked={access.isOpen} onChange={(event) => onAccess({ isOpen: event.currentTarget.checked })} />
            {t.withoutPassword}
          </label>
          {tenants.length > 1 && (
            <Field label={words.tenant} wide>
              {(ids) => (
                <select {...ids} name="tenantId" value={chosenTenant(access.tenantId, tenants)} onChange={(event) => onAccess({ tenantId: event.currentTarget.value })}>
                  {tenants.map((tenant) => (
                    <option key={tenant.tenant_id} value={tenant.tenant_id}>
                      {tenantName(tenant.name)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <p class="muted field wide">{t.accessHint}</p>
        </div>
      )}
    </>
  );
}

interface RowProps {
  device: FoundDevice;
  name: string | undefined;
  onToggle: () => void;
  onName: (name: string) => void;
}

function Row({ device, name, onToggle, onName }: RowProps) {
  const t = text.value.search;
  const known = device.already_added_as;
  return (
    <li>
      <label class="check">
        <input type="checkbox" checked={name !== undefined} disabled={known !== null} onChange={onToggle} />
        <span class="found-words">
          <b>{device.name || device.hardware || t.camera}</b> <span class="muted">{deviceWords(device)}</span>
          <br />
          <span class="muted mono">
            {device.host}
            {device.onvif_port === 80 ? "" : `:${device.onvif_port}`}
          </span>{" "}
          {device.xaddr_host && <span class="word-warn">{t.claims(device.xaddr_host)}</span>}
          {known !== null && (
            <>
              <br />
              <span class="pill">{t.known(camerasById.value.get(known)?.name ?? known)}</span>
            </>
          )}
        </span>
      </label>
      {name !== undefined && <input type="text" aria-label={text.value.wizard.name} placeholder={text.value.wizard.name} maxLength={80} value={name} onInput={(event) => onName(event.currentTarget.value)} />}
    </li>
  );
}
