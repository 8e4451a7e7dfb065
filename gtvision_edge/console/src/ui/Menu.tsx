import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "./parts";
import type { IconName } from "./Icon";

export interface MenuItem {
  label: string;
  onClick: () => void;
}

/** Rarer things to do, behind one button. Arrows walk, Esc and a click elsewhere close it. */
export function Menu({ label, icon = "more", items }: { label: string; icon?: IconName; items: readonly MenuItem[] }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [isOpen]);

  function onKeyDown(event: KeyboardEvent): void {
    if (!isOpen) return;
    const choices = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = choices.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape" || event.key === "Tab") {
      setOpen(false);
      box.current?.querySelector("button")?.focus();
      if (event.key === "Tab") return;
    } else if (event.key === "ArrowDown") choices[(at + 1) % choices.length]?.focus();
    else if (event.key === "ArrowUp") choices[(at + choices.length - 1) % choices.length]?.focus();
    else if (event.key === "Enter" || event.key === " ") {
      // The button's own press; the page's keys must not hear of it.
      event.stopPropagation();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <span class="menu" ref={box} onKeyDown={onKeyDown}>
      <Button kind="ghost" icon={icon} label={label} expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <span class="menu-list" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                setOpen(false);
                box.current?.querySelector("button")?.focus();
                item.onClick();
              }}
            >
              {item.label}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}
