import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { LinkDown, Problem } from "../api/problem";
import { text } from "../i18n";
import { Icon, type IconName } from "./Icon";

export type Tone = "plain" | "warn" | "alarm" | "held";

interface ButtonProps {
  children?: ComponentChildren;
  onClick?: () => void;
  kind?: "plain" | "primary" | "ghost" | "danger";
  icon?: IconName;
  /** The key that does the same, shown on the button. */
  hotkey?: string;
  label?: string;
  type?: "button" | "submit";
  disabled?: boolean;
  pressed?: boolean;
  /** Opens and closes something. */
  expanded?: boolean;
}

export function Button({ children, onClick, kind = "plain", icon, hotkey, label, type = "button", disabled, pressed, expanded }: ButtonProps) {
  return (
    <button
      type={type}
      class={`btn ${kind}${children === undefined ? " square" : ""}`}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-keyshortcuts={hotkey}
    >
      {icon && <Icon name={icon} size={18} />}
      {children}
      {hotkey && <kbd>{hotkey}</kbd>}
    </button>
  );
}

export function Pill({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>;
}

interface NoteProps {
  tone?: Tone;
  title?: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}

/** Trouble in words: what, since when, what to do, and a way there. */
export function Note({ tone = "warn", title, children, action }: NoteProps) {
  return (
    <div class={`note ${tone}`} role={tone === "alarm" ? "alert" : "note"}>
      {tone !== "plain" && <Icon name="warning" size={18} />}
      <div class="note-words">
        {title && <b>{title}</b>} {children}
      </div>
      {action}
    </div>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | null | undefined;
  wide?: boolean;
  children: (ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => JSX.Element;
}

export function Field({ label, hint, fault, wide, children }: FieldProps) {
  const id = useId();
  const describedBy = fault || hint ? `${id}-hint` : undefined;
  return (
    <div class={`field${wide ? " wide" : ""}`}>
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": describedBy, "aria-invalid": Boolean(fault) })}
      {(fault || hint) && (
        <small id={describedBy} class={fault ? "fault" : "hint"}>
          {fault || hint}
        </small>
      )}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Skeleton({ rows = 1, height = 40 }: { rows?: number; height?: number }) {
  return (
    <div class="skeletons" aria-busy="true" aria-label={text.value.common.loading}>
      {Array.from({ length: rows }, (_, at) => (
        <i key={at} class="skeleton" style={{ height: `${height}px` }} />
      ))}
    </div>
  );
}

/** What the console calls the field at *path* of a request; null where it shows none. */
function labelOf(path: string): string | null {
  const labels = text.value.fields;
  return labels[path] ?? labels[path.split(".").at(-1) ?? ""] ?? labels[path.split(".")[0] ?? ""] ?? null;
}

/** Say an error as people say it: words, what to do, and the code for whoever helps. */
export function explain(error: unknown): { title: string; cure: string | null; code: string | null } {
  const t = text.value;
  if (error instanceof LinkDown) return { title: t.errors.noAnswer, cure: null, code: error.status === null ? null : `http_${error.status}` };
  if (!(error instanceof Problem)) return { title: t.errors.unexpected, cure: null, code: null };
  const known = t.failures[error.code] ?? t.volumes[error.code] ?? t.findings[error.code]?.({});
  const door = error.code === "camera_unauthorized" ? t.doors[String(error.facts.via)] : undefined;
  if (known) return { ...known, cure: door === undefined ? known.cure : `${door} ${known.cure}`, code: error.code };
  if (error.status === 403) return { title: t.errors.notPermitted, cure: t.errors.notPermittedHint, code: error.code };
  if (error.status === 404) return { title: t.errors.gone, cure: null, code: error.code };
  if (error.status === 409) return { title: t.errors.conflict, cure: null, code: error.code };
  if (error.status === 422) {
    // The daemon's own sentences are English and name its fields: only where to look is taken from them.
    const labels = [...new Set(error.faults.map((fault) => labelOf(fault.path)).filter((label) => label !== null))];
    return { title: t.errors.invalid, cure: labels.length > 0 ? t.errors.lookAt(labels) : null, code: error.code };
  }
  if (error.status === 503) return { title: t.errors.busy, cure: null, code: error.code };
  return { title: t.errors.unexpected, cure: null, code: error.code };
}

export function ErrorNote({ error, action, cure: ownCure }: { error: unknown; action?: ComponentChildren; cure?: string | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  // In a long form what was refused may be said far below.
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [error]);
  if (error === null || error === undefined) return null;
  const { title, cure, code } = explain(error);
  return (
    <div ref={place}>
      <Note tone="alarm" title={title} action={action}>
        {ownCure ?? cure} {code && <span class="faint code">{text.value.common.code(code)}</span>}
      </Note>
    </div>
  );
}

export interface Option<T extends string> {
  value: T;
  label: string;
}

/** A few choices of which one holds. */
export function Segments<T extends string>({ options, value, onChange, label }: { options: readonly Option<T>[]; value: T; onChange: (value: T) => void; label: string }) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          class={option.value === value ? "on" : ""}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
