export const revalidate = 2;

export default function News() {
  return (
    <p>
      News of <b>{Date.now()}</b>
    </p>
  );
}
