package io.onair.demo

import android.content.Intent
import android.os.Bundle
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import io.onair.LiveException
import io.onair.OnAir
import kotlinx.coroutines.launch

/** Where to watch and where to publish. */
class SettingsActivity : DemoActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.settings)
        view<Button>(R.id.scan).setOnClickListener {
            save()
            startActivity(Intent(this, ScanActivity::class.java))
        }
        view<Button>(R.id.save).setOnClickListener {
            save()
            finish()
        }
        view<Button>(R.id.look).setOnClickListener { look() }
    }

    override fun onResume() {
        super.onResume()
        field(R.id.server).setText(settings.server)
        field(R.id.publish).setText(settings.publish)
        field(R.id.name).setText(settings.name)
    }

    private fun field(id: Int): EditText = view(id)

    private fun save() {
        settings.server = field(R.id.server).text.toString()
        settings.publish = field(R.id.publish).text.toString()
        settings.name = field(R.id.name).text.toString()
    }

    private fun look() {
        save()
        val message = view<TextView>(R.id.message)
        scope.launch {
            message.text =
                try {
                    OnAir.preflight(settings.url).verdict
                } catch (error: LiveException) {
                    error.message
                }
        }
    }
}
