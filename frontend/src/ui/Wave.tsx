export function Wave() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M2 21c5 0 5-10 10-10s5 10 10 10 4-10 8-10" fill="none" stroke="currentColor" strokeWidth="4" strokeLinecap="round" />
    </svg>
  );
}
