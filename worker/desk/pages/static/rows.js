/* A table whose rows stay as they are while others come and go. The tables of the toolkit make every row anew with
   whatever changes on the page: the focus is lost by that, and a click that has begun. */
export default {
  props: { label: String, columns: Array, rows: Array, said: Object, body: String },
  computed: {
    line() {
      return { props: ["row", "said"], template: this.body };
    },
  },
  template: `
    <div>
      <table :aria-label="label">
        <thead>
          <tr>
            <th v-for="column in columns" scope="col" :class="column.classes" :style="{ width: column.width + '%' }"
              :title="column.about">{{ column.label }}</th>
          </tr>
        </thead>
        <tbody>
          <component :is="line" v-for="row in rows" :key="row.id" :row="row" :said="said"></component>
        </tbody>
      </table>
    </div>`,
};
